import * as z from "zod";
import { HoldfastError } from "./errors.ts";
import { limits } from "./limits.ts";
import { fallbacksSchema } from "./models-wanted.ts";
import { nearest } from "./nearest.ts";
import { settingComplaint } from "./setting-complaint.ts";

/**
 * Every setting there is, by the name it has in the configuration file. On the command line it is the same name in
 * kebab-case (`--price-in`), in the environment in capitals (`HOLDFAST_PRICE_IN`); a list is a repeated flag, or one
 * variable separated by blanks. Flags win over the environment, the environment over the file.
 */
export const configSchema = z
  .strictObject({
    /** Port of the OpenAI-compatible endpoint; 0 takes any free one. */
    port: z.int().min(0).max(65_535),
    /** Address the endpoint listens on. Anything but loopback lets others use this gateway. */
    host: z.string().min(1).max(255),
    /** Names besides this machine's own under which the endpoint may be called while it listens on loopback. */
    hostsAllowed: z.array(z.string().min(1).max(255)).max(64),
    /** Plain upstreams (see upstreams.ts for their form); with any of them the gateway joins no network. */
    upstreams: z.array(z.unknown()).max(limits.upstreamsMax),
    /** Witnesses for a request that names none. */
    witnesses: z.int().min(0).max(limits.witnessesMax),
    /** Finality for a request that names none. */
    finality: z.enum(["stream", "final", "none"]),
    /** Hold budget for a request that names none, ms. */
    holdMs: z.number().min(0).max(limits.holdMsMax),
    /** Of a hundred answers that nobody watched, how many each epoch has audited; 0 keeps none for that. */
    auditPercent: z.int().min(0).max(100),
    /** A request's whole time, ms; over plain upstreams until its first content, or its end without streaming. */
    deadlineMs: z.number().min(1).max(limits.deadlineMsMax),
    /** For each model, those to use in its place when nobody serves it: {"one": ["next", "one after"]}. */
    fallbacks: fallbacksSchema,
    /** Providers that `up` starts. */
    nodes: z.int().min(1).max(limits.localNodesMax),
    /** Model: a GGUF file or a URL. Without it the default model is fetched. */
    model: z.string().min(1).max(4096),
    /** Model that gives vectors, served beside the other: an ONNX file. */
    embeddings: z
      .string()
      .regex(/\.onnx$/i, "a file that ends in .onnx")
      .max(4096),
    /** What the model file must hash to; needed with a URL. */
    sha256: z.string().regex(/^(sha256[:=])?[0-9a-fA-F]{64}$/, "64 hex digits"),
    /** libp2p multiaddrs of nodes to meet first. Several, so that none of them is needed. */
    bootstrap: z.array(z.string().startsWith("/", "a multiaddr, which starts with /").max(512)).max(64),
    /** RPC endpoints of the chain. Several, for the same reason. */
    rpc: z.array(z.url().max(2048)).max(limits.rpcEndpointsMax),
    /** The chain's id. */
    chainId: z.int().min(1),
    /** Address of the Bonds contract. */
    bonds: z.string().regex(/^0x[0-9a-fA-F]{40}$/, "0x and 40 hex digits"),
    /** Address of the Models contract. */
    models: z.string().regex(/^0x[0-9a-fA-F]{40}$/, "0x and 40 hex digits"),
    /** Address a provider listens on, data and control plane alike. */
    listen: z.string().min(1).max(255),
    /** Port of the data plane (HTTP/2); 0 takes any free one. */
    dataPort: z.int().min(0).max(65_535),
    /** Port of the control plane (libp2p); 0 takes any free one. */
    peerPort: z.int().min(0).max(65_535),
    /** `host:port` under which others reach the data plane, where that differs from where it listens. `up` gives one to each provider, in order. */
    announce: z.array(z.string().min(1).max(256)).max(limits.offerAddressesMax),
    /** What a provider serves from: `llama-server` and `vllm` are an upstream's; `synthetic` is for load tests and nothing else. */
    engine: z.enum(["llama", "llama-server", "vllm", "synthetic"]),
    /** Tokens per second of each sequence of the synthetic engine. */
    pace: z.int().min(1).max(1000),
    /** Threads of the embedded engine. More than the free cores make every provider on the machine slower. */
    threads: z.int().min(1).max(1024),
    /** How an upstream that a provider serves from goes on from a begun answer. */
    resume: z.enum(["assistant", "vllm"]),
    /** Jobs a provider runs at once. */
    slots: z.int().min(1).max(1024),
    /** Longest prompt and answer together, tokens; each job's memory grows with it. */
    contextTokens: z.int().min(64).max(limits.answerTokensMax),
    /** What the node's stake shall be at least, smallest unit; 0 leaves the bond as it is. */
    stake: z.string().regex(/^\d{1,30}$/, "decimal digits"),
    /** Price per million tokens, smallest unit of the settlement token. */
    priceIn: z.string().regex(/^\d{1,30}$/, "decimal digits"),
    priceOut: z.string().regex(/^\d{1,30}$/, "decimal digits"),
    /** Failure domain: who runs it, and where. */
    operator: z.string().max(128),
    region: z.string().max(64),
    /** The whole network is on this machine: many nodes on one address are then no sign of abuse. */
    local: z.boolean(),
    /** How much the log tells. */
    logLevel: z.enum(["debug", "info", "warn", "error", "silent"]),
  })
  .partial();

export type Config = z.infer<typeof configSchema>;
export type ConfigKey = keyof Config;

/** How a setting's text (flag or variable) is read. */
export const configKinds: Readonly<Record<ConfigKey, "number" | "text" | "list" | "switch">> = {
  port: "number",
  host: "text",
  hostsAllowed: "list",
  upstreams: "list",
  witnesses: "number",
  finality: "text",
  holdMs: "number",
  auditPercent: "number",
  deadlineMs: "number",
  fallbacks: "list",
  nodes: "number",
  model: "text",
  embeddings: "text",
  sha256: "text",
  bootstrap: "list",
  rpc: "list",
  chainId: "number",
  bonds: "text",
  models: "text",
  listen: "text",
  dataPort: "number",
  peerPort: "number",
  announce: "list",
  engine: "text",
  pace: "number",
  threads: "number",
  resume: "text",
  slots: "number",
  contextTokens: "number",
  stake: "text",
  priceIn: "text",
  priceOut: "text",
  operator: "text",
  region: "text",
  local: "switch",
  logLevel: "text",
};

/**
 * Settings as given by one source. Throws HoldfastError `config-invalid` (fault user) that names each wrong one as it
 * is called there, and each unknown one.
 */
export function parseConfig(
  value: unknown,
  source: { name: string; nameOf: (key: string) => string },
): Config {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const facts: Record<string, string> = {};
  for (const issue of parsed.error.issues) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys)
        facts[source.nameOf(key)] = `unknown; did you mean "${nearest(key, Object.keys(configKinds))[0]}"?`;
    } else if (issue.path.length === 0) {
      facts["content"] = "must be one object of settings";
    } else {
      const [key, ...rest] = issue.path;
      // A place in a list belongs into the sentence: nobody writes a flag or a variable with an index.
      const names = rest.filter((part) => typeof part !== "number");
      const places = rest.filter((part) => typeof part === "number").map((at) => `entry ${at + 1} `);
      const name = [source.nameOf(String(key)), ...names].join(".");
      const complaint = `${places.join("")}${settingComplaint(configSchema.shape[key as ConfigKey], issue)}`;
      facts[name] = facts[name] === undefined ? complaint : `${facts[name]}; ${complaint}`;
    }
  }
  throw new HoldfastError(`The settings in ${source.name} are not valid.`, {
    code: "config-invalid",
    fault: "user",
    facts,
    remedy: "Correct them; `holdfast COMMAND --help` lists what there is.",
  });
}
