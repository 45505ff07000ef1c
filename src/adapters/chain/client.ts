import type { Address, ModelId } from "../../domain/ids.ts";
import type { Chain, Clock, Log, Store } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { agreedBlock, Ballot, quorum } from "./agreement.ts";
import { openEndpoint } from "./endpoint.ts";
import { recall, remember } from "./knowledge.ts";
import { Panel, parseRpcs } from "./panel.ts";
import { startRhythm } from "./rhythm.ts";
import { Watched } from "./watched.ts";

export interface ChainReaderPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Where knowledge outlives the process, so that a gateway that starts while the chain is away knows its nodes. */
  readonly store?: Store;
}

export interface ChainReaderOptions {
  /** Two or more, of different operators; one alone is believed, and that is logged. */
  readonly rpcs: readonly string[];
  readonly chainId: number;
  readonly bonds: Address;
  readonly models: Address;
  /** Time between two readings, ms. */
  readonly pollMs?: number;
}

export interface ChainReader extends Chain {
  /** Reads now. Never throws: what cannot be read is logged, and the last knowledge stands. */
  refresh(): Promise<void>;
  close(): void;
}

/** How a reading went: read, nobody answered, no quorum, or the endpoints stand far behind what was read before. */
type Outcome = "fresh" | "away" | "split" | "behind";

/**
 * Bonds and models as most of the endpoints see them.
 *
 * It reads what somebody has asked for, again and again, at a block that most endpoints have reached: there is no
 * history to scan, a reorganisation heals by itself, and memory is bounded by what the gateway wants to know. The first
 * question about a node is answered "unknown" and brings a reading within milliseconds: ask when its offer arrives.
 * Throws HoldfastError `bad-rpc` (fault user).
 */
export function createChainReader(ports: ChainReaderPorts, options: ChainReaderOptions): ChainReader {
  const { clock, log, store } = ports;
  const { chainId, bonds, models } = options;
  const closing = new AbortController();
  const endpoints = parseRpcs(options.rpcs).map((rpc) =>
    openEndpoint({ rpc, bonds, models, signal: closing.signal }),
  );
  if (endpoints.length === 1) log.warn("chain.single-endpoint", { endpoint: endpoints[0]?.name });
  const panel = new Panel(endpoints, chainId, log);
  const knowledge = {
    stakes: new Watched<Address, bigint>(limits.nodesWatchedMax),
    registered: new Watched<ModelId, boolean>(limits.modelsWatchedMax),
  };
  let freshAt = recall(store, options, knowledge, log);
  let block: bigint | undefined;
  let outcome: Outcome = "fresh";

  async function read(): Promise<void> {
    const now = await tryRead();
    if (closing.signal.aborted || now === outcome) return;
    outcome = now;
    if (now === "fresh") log.info("chain.fresh");
    else log.warn(`chain.${now}`, { freshAt: freshAt ?? "never" });
  }

  async function tryRead(): Promise<Outcome> {
    const live = await panel.heads();
    const at = agreedBlock(live.map(({ head }) => head));
    if (at === undefined) return "away";
    if (block !== undefined && at < block - BigInt(limits.reorgBlocksMax)) return "behind";
    const nodes = knowledge.stakes.keys();
    const digests = knowledge.registered.keys();
    const answers = await panel.read(live, (endpoint) =>
      Promise.all([endpoint.stakes(nodes, at), endpoint.registered(digests, at)]),
    );
    if (closing.signal.aborted || answers.length < quorum(live.length)) return "split";
    const ballot = new Ballot(answers.length, live.length);
    const stakesChanged = learn(knowledge.stakes, nodes, (i) =>
      ballot.decide(answers.map((a) => a.answer[0][i])),
    );
    const modelsChanged = learn(knowledge.registered, digests, (i) =>
      ballot.decide(answers.map((a) => a.answer[1][i])),
    );
    answers.forEach(({ endpoint }, i) => {
      panel.judge(endpoint, ballot.dissentsOf(i));
    });
    if (ballot.undecided > 0) return "split";
    block = at;
    freshAt = clock.wall();
    if (stakesChanged || modelsChanged) remember(store, options, knowledge, { freshAt, log });
    return "fresh";
  }

  const rhythm = startRhythm(clock, { run: read, everyMs: options.pollMs ?? 5_000 });
  return {
    stakeOf(node) {
      const { value, isNew } = knowledge.stakes.ask(node.toLowerCase() as Address);
      if (isNew) rhythm.soon();
      return value ?? 0n;
    },
    isRegistered(model) {
      const { value, isNew } = knowledge.registered.ask(model);
      if (isNew) rhythm.soon();
      return value ?? false;
    },
    freshAt: () => freshAt,
    refresh: rhythm.now,
    close() {
      closing.abort();
      rhythm.close();
    },
  };
}

/** Keeps what was decided about each key. Did anything change? */
function learn<Key extends string, Value>(
  watched: Watched<Key, Value>,
  keys: readonly Key[],
  decide: (index: number) => Value | undefined,
): boolean {
  let changed = false;
  for (const [index, key] of keys.entries()) {
    const value = decide(index);
    if (value !== undefined && watched.learn(key, value)) changed = true;
  }
  return changed;
}
