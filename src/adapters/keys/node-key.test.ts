import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { PeerId } from "../../domain/ids.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { addressOf, addressOfPeer, loadNodeKey, makeNodeKey, peerIdOf } from "./node-key.ts";

const homes: string[] = [];
function home(): string {
  const path = mkdtempSync(join(tmpdir(), "holdfast-key-"));
  homes.push(path);
  return path;
}
afterEach(() => {
  for (const path of homes.splice(0)) rmSync(path, { recursive: true, force: true });
});

test("the address follows from the peer id alone, for any key", () => {
  for (let i = 0; i < 50; i++) {
    const key = makeNodeKey();
    const peer = peerIdOf(key);
    expect(peer).toMatch(/^16Uiu2/);
    expect(addressOfPeer(peer)).toBe(addressOf(key));
  }
});

test("a known key has the address other Ethereum tools give it", () => {
  // The first account of the well-known development mnemonic "test test … junk".
  const key = Buffer.from("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", "hex");
  expect(addressOf(new Uint8Array(key))).toBe("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
});

test("garbage that looks like a peer id gives no address", () => {
  for (const garbage of [
    "",
    "16Uiu2",
    `16Uiu2HAm${"1".repeat(44)}`,
    "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf",
  ])
    expect(addressOfPeer(garbage as PeerId)).toBeUndefined();
});

test("the key is made once, kept, and readable by its owner only", () => {
  const path = join(home(), "deep", "home");
  const key = loadNodeKey(path);
  expect(loadNodeKey(path)).toEqual(key);
  expect(readdirSync(path)).toEqual(["node.key"]);
  expect(statSync(join(path, "node.key")).mode & 0o777).toBe(0o600);
});

test("a damaged key file is refused, named, and never overwritten", () => {
  const path = home();
  for (const content of ["", "abc", "0".repeat(64), "f".repeat(64)]) {
    writeFileSync(join(path, "node.key"), content);
    expect(() => loadNodeKey(path)).toThrow(
      expect.objectContaining({ code: "node-key-unusable", fault: "environment" }),
    );
  }
});

test("a home that cannot be written gives an error of the environment, without the key in it", () => {
  const path = home();
  writeFileSync(join(path, "file"), "");
  try {
    loadNodeKey(join(path, "file", "home"));
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(HoldfastError);
    expect((error as HoldfastError).fault).toBe("environment");
    expect((error as HoldfastError).explain()).not.toMatch(/[0-9a-f]{64}/);
  }
});
