import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { processOf, writeRun } from "./run-file.ts";
import { readSettings } from "./settings.ts";

const home = mkdtempSync(join(tmpdir(), "holdfast-settings-"));
writeFileSync(
  join(home, "holdfast.json"),
  JSON.stringify({ port: 1, nodes: 1, region: "file", rpc: ["http://a"] }),
);
const broken = join(home, "broken.json");
writeFileSync(broken, "{port: 1}");
afterAll(() => rmSync(home, { recursive: true, force: true }));

const coded = (code: string) => expect.objectContaining({ code, fault: "user" });

describe("reading settings", () => {
  test("lets flags win over the environment, and the environment over the file", () => {
    const environment = { HOLDFAST_PORT: "2", HOLDFAST_NODES: "2" };
    const { port, nodes, region } = readSettings({ home, port: "3" }, environment);
    expect({ port, nodes, region }).toEqual({ port: 3, nodes: 2, region: "file" });
  });

  test("blames a home that is no folder, not the configuration file in it", () => {
    expect(() => readSettings({ home: join(broken, "x") }, {})).toThrow(coded("home-unusable"));
  });

  test("reads lists from repeated flags and from variables separated by blanks", () => {
    const environment = { HOLDFAST_UPSTREAMS: "http://a,key=env:A  http://b\nhttp://c", HOLDFAST_HOME: home };
    expect(readSettings({}, environment).upstreams).toEqual(["http://a,key=env:A", "http://b", "http://c"]);
    expect(readSettings({ upstream: ["http://d"] }, environment).upstreams).toEqual(["http://d"]);
  });

  test("knows whether the home folder was named", () => {
    expect(readSettings({}, {}).homeNamed).toBe(false);
    expect(readSettings({}, { HOLDFAST_HOME: home }).homeNamed).toBe(true);
  });

  test("takes everything about a network that runs out of a folder from there, and from nowhere else", () => {
    const folder = mkdtempSync(join(home, "network-"));
    const network = { network: folder, home };
    expect(() => readSettings(network, {})).toThrow(coded("nothing-here"));
    const chain = { id: 31337, rpc: ["http://127.0.0.1:1"], bonds: `0x${"b0".repeat(20)}`, models: "0x" };
    const gateway = { ...processOf(), url: "http://127.0.0.1:2/v1", multiaddr: "/ip4/127.0.0.1/tcp/3" };
    writeRun(folder, { v: 1, startedAt: "", up: processOf(), gateway, chain, providers: [] });
    const { local, rpc, chainId, bootstrap } = readSettings(network, {});
    expect({ local, rpc, chainId, bootstrap }).toEqual({
      ...{ local: true, rpc: chain.rpc, chainId: 31337, bootstrap: [gateway.multiaddr] },
    });
    expect(() => readSettings({ ...network, rpc: ["http://c"] }, {})).toThrow(coded("config-invalid"));
    writeRun(folder, { v: 1, startedAt: "", up: { pid: 2 ** 22 + 1 }, gateway, chain, providers: [] });
    expect(() => readSettings(network, {})).toThrow(coded("nothing-here"));
  });

  test("reads a file that begins with a byte order mark", () => {
    const config = join(home, "marked.json");
    writeFileSync(config, `\uFEFF{"port": 7}`);
    expect(readSettings({ home, config }, {}).port).toBe(7);
  });

  test("takes an empty variable for none", () => {
    expect(readSettings({ home }, { HOLDFAST_PORT: "" }).port).toBe(1);
  });

  test("names the flag or the variable that is wrong", () => {
    expect(() => readSettings({ home, port: "abc" }, {})).toThrow(
      expect.objectContaining({ code: "config-invalid", facts: { "--port": expect.any(String) } }),
    );
    expect(() => readSettings({ home }, { HOLDFAST_DATA_PORT: "0x10" })).toThrow(
      expect.objectContaining({ facts: { HOLDFAST_DATA_PORT: expect.any(String) } }),
    );
  });

  test("misses a file only when it was named", () => {
    expect(() => readSettings({ home, config: join(home, "none.json") }, {})).toThrow(
      coded("config-unreadable"),
    );
    expect(readSettings({ home: join(home, "none") }, {}).port).toBeUndefined();
  });

  test("says which file is not JSON and where, and quotes nothing of it", () => {
    const key = join(home, "key.txt");
    writeFileSync(key, "sk-secret");
    for (const config of [broken, key]) {
      const facts = { file: config, reason: expect.stringMatching(/^not valid JSON( at position 1 .*)?$/) };
      expect(() => readSettings({ home, config }, {})).toThrow(
        expect.objectContaining({ code: "config-unreadable", fault: "user", facts }),
      );
    }
  });
});
