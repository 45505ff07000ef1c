import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import type { PeerOptions } from "../rigs/peer-process.ts";
import { startPeer } from "../rigs/peers.ts";

/** `ip` is often outside the path of who may not use it. */
const ip = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"].find((path) => existsSync(path)) ?? "ip";
const run = (...words: string[]) => execFileSync(ip, words, { stdio: ["ignore", "pipe", "pipe"] });

interface Cable {
  /** Command prefixes that run something at either end. */
  readonly ends: readonly [left: string[], right: string[]];
  cut(): void;
  mend(): void;
  remove(): void;
}

/** Two network namespaces with a cable between them, 10.77.0.1 and 10.77.0.2. Throws where this may not be done. */
function layCable(): Cable {
  const [left, right] = [`hf-l-${process.pid}`, `hf-r-${process.pid}`];
  const remove = () => {
    for (const name of [left, right]) {
      try {
        run("netns", "delete", name);
      } catch {
        // It was never made.
      }
    }
  };
  try {
    run("netns", "add", left);
    run("netns", "add", right);
    run("-n", left, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", right);
    [left, right].forEach((name, at) => {
      run("-n", name, "address", "add", `10.77.0.${at + 1}/24`, "dev", "cable");
      run("-n", name, "link", "set", "cable", "up");
      run("-n", name, "link", "set", "lo", "up");
    });
  } catch (error) {
    remove();
    throw error;
  }
  return {
    ends: [
      [ip, "netns", "exec", left],
      [ip, "netns", "exec", right],
    ],
    cut: () => void run("-n", left, "link", "set", "cable", "down"),
    mend: () => void run("-n", left, "link", "set", "cable", "up"),
    remove,
  };
}

/** A tenth of what nodes do: when somebody is missed is a limit's matter, that it is missed is what is tested. */
const pingMs = 3_000;

test("across two network namespaces peers meet, an answer streams, a cut cable is noticed, and a mended one", async () => {
  let cable: Cable;
  try {
    cable = layCable();
  } catch (error) {
    const reason = (error as { stderr?: Buffer }).stderr?.toString().trim() || String(error);
    process.stderr.write(`network namespaces cannot be made here, nothing was tested: ${reason}\n`);
    return;
  }
  onTestFinished(cable.remove);
  const [left, right] = cable.ends;
  const start = (options: PeerOptions, prefix: string[]) => {
    const peer = startPeer(options, prefix);
    onTestFinished(peer.stop);
    return peer;
  };
  const provider = start(
    { role: "provider", host: "10.77.0.1", node: { pingMs, listen: ["/ip4/10.77.0.1/tcp/0"] } },
    left,
  );
  const { peer, multiaddrs } = (await provider.line("peer")) as { peer: string; multiaddrs: string[] };
  const gateway = start(
    { role: "gateway", host: "10.77.0.2", node: { pingMs, listen: [], bootstrap: multiaddrs } },
    right,
  );
  expect((await gateway.line("offer"))["offer"]).toBe(peer);
  expect((await gateway.line("heard"))["heard"]).toBe(20);
  cable.cut();
  expect((await gateway.line("ended"))["ended"]).toBe("silent");
  expect((await gateway.line("gone"))["gone"]).toBe(peer);
  cable.mend();
  expect((await gateway.line("offer"))["offer"]).toBe(peer);
  expect((await gateway.line("heard"))["heard"]).toBe(20);
});
