import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { holdfast, type RunningCommand, root, startCommand } from "../rigs/command.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
const home = join(folder, "home");
const servers: Server[] = [];
const running: RunningCommand[] = [];

afterEach(async () => {
  for (const command of running.splice(0)) {
    command.child.kill("SIGKILL");
    await command.finished;
  }
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const commands = ["up", "gateway", "provider", "chat", "status", "doctor"];

/** An OpenAI-compatible server that streams what it is told to; the gateway in front of it is real. */
async function startUpstream(events: (send: (data: unknown) => void) => void): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === "/v1/models") return void response.end('{"object":"list","data":[{"id":"tiny"}]}');
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      events((data) => response.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`));
      response.end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

function chunk(content: string, finish: string | null = null) {
  return {
    id: "c",
    object: "chat.completion.chunk",
    created: 1,
    model: "tiny",
    choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  };
}

describe("help", () => {
  test("lists every command, and each command's own help has examples", async () => {
    const { code, stdout } = await holdfast(["--help"]);
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toContain(`  ${command}`);
    const helps = await Promise.all(commands.map((command) => holdfast([command, "--help"])));
    for (const help of helps) {
      expect(help.code).toBe(0);
      expect(help.stdout).toContain("Examples:");
    }
  });

  test("without a command goes to standard error, as wrong usage", async () => {
    const { code, stdout, stderr } = await holdfast([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: holdfast");
  });
});

describe("wrong usage", () => {
  test("ends with 2 and names what is wrong", async () => {
    const cases: Array<[args: string[], said: string]> = [
      [["upp"], "unknown command 'upp'"],
      [["up", "--nodse", "3"], "unknown option '--nodse'"],
      [["up", "--home", home, "--nodes", "0"], "--nodes"],
      [["up", "--home", home, "--nodes", "many"], "--nodes"],
      [["gateway", "--home", home], "--rpc"],
      [["gateway", "--home", home, "--upstream", "ftp://nowhere"], "http"],
      [["gateway", "--home", home, "--upstream", "http://127.0.0.1:9/v1,key=env:NO_SUCH_KEY"], "NO_SUCH_KEY"],
      [
        ["gateway", "--home", home, "--upstream", "http://127.0.0.1:9", "--rpc", "http://127.0.0.1:9"],
        "--rpc",
      ],
      [["chat", "--home", home, "--temperature", "hot", "Hello"], "--temperature"],
      [
        [
          "provider",
          "--home",
          home,
          "--upstream",
          "http://127.0.0.1:9/v1",
          "--rpc",
          "http://127.0.0.1:9",
          "--local",
        ],
        "model",
      ],
    ];
    for (const [args, said] of cases) {
      const { code, stdout, stderr } = await holdfast(args);
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
      expect(stderr).toContain(said);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
  });

  test("in the configuration file names the file, the key, and the one probably meant", async () => {
    const file = join(folder, "wrong.json");
    writeFileSync(file, JSON.stringify({ prot: 1, nodes: "three" }));
    const { code, stderr } = await holdfast(["up", "--home", home, "--config", file]);
    expect(code).toBe(2);
    for (const said of [file, "prot", '"port"', "nodes"]) expect(stderr).toContain(said);
  });
});

describe("what is missing here", () => {
  test("ends with 3: a busy port, named", async () => {
    const upstream = await startUpstream(() => {});
    const { port } = new URL(upstream);
    const { code, stderr } = await holdfast([
      "gateway",
      "--home",
      home,
      "--port",
      port,
      "--upstream",
      upstream,
    ]);
    expect(code).toBe(3);
    expect(stderr).toContain(`Port ${port} is in use`);
    expect(stderr).toContain("→");
  });

  test("ends with 3: no gateway to talk to, nothing ever started", async () => {
    const chat = await holdfast(["chat", "--url", "http://127.0.0.1:9", "Hello"]);
    expect(chat).toMatchObject({ code: 3, stdout: "" });
    expect(chat.stderr).toContain("holdfast up");
    const status = await holdfast(["status", "--json", "--home", join(folder, "nowhere")]);
    expect(status).toMatchObject({ code: 3, stdout: "" });
  });

  test("is found by doctor, with what needs it and how to get it", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const env = { PATH: empty, HOLDFAST_CACHE: join(folder, "cache") };
    const { code, stdout } = await holdfast(["doctor", "--json", "--home", home, "--port", "0"], { env });
    expect(code).toBe(3);
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Array<Record<string, string>> };
    expect(ok).toBe(false);
    expect(checks.find(({ name }) => name === "pip")).toMatchObject({
      state: "missing",
      remedy: expect.stringContaining("--model FILE.gguf"),
    });
    expect(checks.find(({ name }) => name === "engine")).toMatchObject({ state: "ok" });
    expect(checks.find(({ name }) => name === "model")).toMatchObject({ state: "hint" });
  });
});

describe("a gateway over plain upstreams", () => {
  test("is set up by the environment, loads nothing of network, chain or model, and status finds it", async () => {
    const upstream = await startUpstream((send) => {
      send(chunk("Hel"));
      send(chunk("lo", "stop"));
      send("[DONE]");
    });
    const env = { HOLDFAST_UPSTREAMS: upstream, HOLDFAST_PORT: "0", HOLDFAST_HOME: home };
    const loading = join(folder, "loading.mjs");
    // Told of every module that is resolved; reports those that have no business here.
    writeFileSync(
      loading,
      `import { registerHooks } from "node:module";
       registerHooks({ resolve(specifier, context, next) {
         const found = next(specifier, context);
         if (/node_modules.(libp2p|@libp2p|viem|node-llama-cpp)|adapters.(libp2p|chain|llama|http2|sqlite)/.test(found.url)) process.stderr.write("LOADED " + found.url + "\\n");
         return found;
       } });`,
    );
    const gateway = startCommand(
      process.execPath,
      ["--import", loading, join(root, "src/main.ts"), "gateway", "--json"],
      { env },
    );
    running.push(gateway);
    const { url } = JSON.parse(await gateway.line()) as { url: string };
    const status = await holdfast(["status", "--json", "--home", home]);
    expect(JSON.parse(status.stdout)).toMatchObject({
      gateway: { url, pid: gateway.child.pid, alive: true },
      providers: [{ peer: new URL(upstream).host, model: "tiny" }],
    });

    const asked = await holdfast(["chat", "--home", home, "--quiet", "Hello"]);
    expect(asked).toEqual({ code: 0, signal: null, stdout: "Hello\n", stderr: "" });
    const piped = await holdfast(["chat", "--url", url.replace("/v1", ""), "--model", "tiny"], {
      input: "Hello?\n",
    });
    expect(piped).toMatchObject({ code: 0, stdout: "Hello\n" });

    gateway.child.kill("SIGTERM");
    expect(await gateway.finished).toMatchObject({ code: 0 });
    expect(gateway.stderr()).not.toContain("LOADED");
  });

  test("that cannot finish an answer makes chat end with 4, what arrived printed", async () => {
    const upstream = await startUpstream((send) => send(chunk("Hel")));
    const gateway = startCommand(process.execPath, [
      join(root, "src/main.ts"),
      "gateway",
      "--json",
      "--port",
      "0",
      "--home",
      join(folder, "b"),
      "--upstream",
      upstream,
    ]);
    running.push(gateway);
    const { url } = JSON.parse(await gateway.line()) as { url: string };
    const { code, stdout } = await holdfast(["chat", "--url", url, "--model", "tiny", "Hello"]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: "Hel\n" });
  });
});

describe("the package", () => {
  test("runs from node_modules, where Node strips no types, and holds what it needs and no more", async () => {
    const packed = await startCommand("npm", [
      "pack",
      "--json",
      "--loglevel=error",
      "--pack-destination",
      folder,
    ]).finished;
    expect(packed).toMatchObject({ code: 0 });
    const place = join(folder, "node_modules", "holdfast");
    mkdirSync(place, { recursive: true });
    const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    const unpacked = await startCommand("tar", [
      "-xzf",
      join(folder, tarball),
      "-C",
      place,
      "--strip-components=1",
    ]).finished;
    expect(unpacked).toMatchObject({ code: 0 });
    expect(readdirSync(place).toSorted()).toEqual([
      "LICENSE",
      "README.md",
      "dist",
      "package.json",
      "scripts",
    ]);
    expect(readdirSync(join(place, "scripts"))).toEqual(["bootstrap", "holdfast.mjs"]);

    // Its dependencies as npm would put them beside it, but for the optional engine.
    for (const name of readdirSync(join(root, "node_modules"))) {
      if (name.startsWith(".") || name === "node-llama-cpp") continue;
      symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
    }
    const run = (...args: string[]) =>
      startCommand(process.execPath, [join(place, "scripts/holdfast.mjs"), ...args], { cwd: folder })
        .finished;
    expect(await run("--version")).toMatchObject({ code: 0, stdout: "0.1.0\n" });
    const doctor = await run("doctor", "--json", "--home", home, "--port", "0");
    expect(doctor.code).toBe(3);
    expect(doctor.stdout).toContain("npm install -g node-llama-cpp");
    const provider = await run(
      "provider",
      "--home",
      join(folder, "p"),
      "--local",
      "--rpc",
      "http://127.0.0.1:9",
    );
    expect(provider.code).toBe(3);
    expect(provider.stderr).not.toMatch(/^\s+at /m);
  });

  test("explains itself where its dependencies are missing", async () => {
    // Beside no node_modules, unlike the folder of the other tests.
    const bare = mkdtempSync(join(tmpdir(), "holdfast-bare-"));
    mkdirSync(join(bare, "scripts"));
    mkdirSync(join(bare, "src"));
    writeFileSync(join(bare, "src/main.ts"), "");
    copyFileSync(join(root, "scripts/holdfast.mjs"), join(bare, "scripts/holdfast.mjs"));
    const launcher = join(bare, "scripts/holdfast.mjs");
    const { code, stderr } = await startCommand(process.execPath, [launcher, "up"]).finished;
    expect(code).toBe(3);
    expect(stderr).toContain("npm start");
    rmSync(bare, { recursive: true });
  });
});
