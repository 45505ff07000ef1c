import { type Command, Option } from "commander";

/** Where all state is, and how much is logged. */
export function homeFlags(command: Command): Command {
  return command
    .option(
      "--home <folder>",
      "folder that holds all state (default: .holdfast in a clone, else ~/.holdfast)",
    )
    .option("--config <file>", "configuration file (default: holdfast.json in the home folder)")
    .option("--log-level <level>", "debug, info, warn, error or silent (default: info; on a terminal warn)");
}

/** Of every command that joins a network. */
export function networkFlags(command: Command): Command {
  return command
    .option(
      "--network <folder>",
      "join the network that `holdfast up` runs out of this folder, on this machine; then none of the next five is needed",
    )
    .addOption(
      list("--bootstrap <multiaddr>", "a node to meet first; repeat it, so that none of them is needed"),
    )
    .addOption(
      list("--rpc <url>", "an RPC endpoint of the chain; repeat it, so that none of them is trusted alone"),
    )
    .option("--chain-id <number>", "the chain's id")
    .option("--bonds <address>", "address of the Bonds contract")
    .option("--models <address>", "address of the Models contract")
    .option("--listen <address>", "address to listen on for other nodes (default: 0.0.0.0; a gateway: none)")
    .option("--peer-port <port>", "port of the control plane (default: any)")
    .option("--local", "the whole network is on this machine: many nodes on one address are no abuse then");
}

/** A flag that may be given several times. */
export function list(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before: string[] = []) => [
    ...before,
    value,
  ]);
}

/** The end of a command's help. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
