import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { openStore } from "./store.ts";

const folders: string[] = [];

function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-store-"));
  folders.push(folder);
  return join(folder, "home", "node.sqlite");
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const coded = (code: string) => expect.objectContaining({ code, fault: "environment" });

describe("the store", () => {
  test("finds again what was put, after being closed and opened", () => {
    const path = freshPath();
    const first = openStore({ path });
    first.put("peer/a", "1");
    first.put("peer/a", "2");
    first.put("peer/b", "ü\n");
    first.put("seq", "7");
    first.delete("seq");
    first.close();
    const second = openStore({ path });
    expect(second.get("seq")).toBeUndefined();
    expect(second.entries("peer/")).toEqual([
      ["peer/a", "2"],
      ["peer/b", "ü\n"],
    ]);
    second.close();
  });

  test("takes a prefix literally, wildcards included", () => {
    const store = openStore({ path: freshPath() });
    store.put("a%b", "1");
    store.put("axb", "2");
    expect(store.entries("a%")).toEqual([["a%b", "1"]]);
    expect(store.entries("")).toHaveLength(2);
    store.close();
  });

  test("belongs to one process at a time, and says so to a second", () => {
    const path = freshPath();
    const store = openStore({ path });
    expect(() => openStore({ path })).toThrow(coded("home-in-use"));
    store.close();
    openStore({ path }).close();
  });

  test("names a damaged file instead of reading nonsense from it", () => {
    const path = freshPath();
    openStore({ path }).close();
    writeFileSync(path, "this was never a database, whatever its name says".repeat(200));
    expect(() => openStore({ path })).toThrow(coded("store-corrupt"));
  });

  test("notices damage inside a file that begins well", () => {
    const path = freshPath();
    const store = openStore({ path });
    for (let index = 0; index < 500; index++) store.put(`key ${index}`, "x".repeat(100));
    store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096, 5 * 4096);
    writeFileSync(path, bytes);
    expect(() => openStore({ path })).toThrow(coded("store-corrupt"));
  });

  test("refuses what no longer fits, and keeps what was there", () => {
    const path = freshPath();
    const store = openStore({ path, bytesMax: 64 * 1024 });
    store.put("kept", "yes");
    expect(() => store.put("big", "x".repeat(128 * 1024))).toThrow(coded("disk-full"));
    expect(store.get("kept")).toBe("yes");
    expect(store.get("big")).toBeUndefined();
    store.close();
  });

  test("says so when a file is where its folder should be", () => {
    const path = freshPath();
    openStore({ path }).close();
    expect(() => openStore({ path: join(path, "node.sqlite") })).toThrow(coded("store-unusable"));
  });
});
