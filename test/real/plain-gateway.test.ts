import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../rigs/command.ts";
import { startUpstream } from "../rigs/upstream.ts";

test("the gateway over plain upstreams loads no network of nodes, no chain and no model", async () => {
  const rig = await startUpstream();
  onTestFinished(rig.close);
  const program = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    const { startUpstreamGateway } = await import("./src/commands/upstream-gateway.ts");
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const gateway = await startUpstreamGateway({ log }, { port: 0, upstreams: [${JSON.stringify(rig.url)}] });
    const body = JSON.stringify({ model: "known", messages: [], stream: true });
    const answer = await fetch(gateway.url + "/v1/chat/completions", { method: "POST", body });
    if (!(await answer.text()).includes("[DONE]")) throw new Error("no answer");
    await gateway.close();
    console.log(JSON.stringify(loaded));
  `;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program], { cwd: root });
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded.length).toBeGreaterThan(20);
  const strangers = loaded.filter((url) =>
    /libp2p|viem|llama|multiformats|adapters\/(chain|keys|http2)|network/.test(url),
  );
  expect(strangers).toEqual([]);
  const vendors = loaded.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  expect([...new Set(vendors)].sort()).toEqual(["@noble/hashes", "zod"]);
}, 60_000);
