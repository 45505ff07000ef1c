import type { Log } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { failureText } from "./chain-error.ts";
import type { Rpc } from "./rpc.ts";

export interface Live<Endpoint extends Rpc> {
  readonly endpoint: Endpoint;
  readonly head: bigint;
}

export interface Answered<Endpoint extends Rpc, T> {
  readonly endpoint: Endpoint;
  readonly answer: T;
}

/** What an endpoint is doing; told when it changes, not at every reading. */
type Conduct = "unknown" | "good" | "silent" | "wrong-chain" | "outvoted";

/** The endpoints together: asks all of them at once, and remembers how each behaves. */
export class Panel<Endpoint extends Rpc> {
  readonly #conduct = new Map<Endpoint, Conduct>();
  readonly #endpoints: readonly Endpoint[];
  readonly #chainId: number;
  readonly #log: Log;

  constructor(endpoints: readonly Endpoint[], chainId: number, log: Log) {
    this.#endpoints = endpoints;
    this.#chainId = chainId;
    this.#log = log;
  }

  /** Those that answer now, for the right chain, with the block they have reached. */
  async heads(): Promise<Live<Endpoint>[]> {
    const heads = await this.#askAll(this.#endpoints, (endpoint) => endpoint.head());
    const right = heads.filter(({ endpoint, answer }) => {
      if (answer.chainId === this.#chainId) return true;
      this.#note(endpoint, "wrong-chain", { chainId: answer.chainId, expected: this.#chainId });
      return false;
    });
    return right.map(({ endpoint, answer }) => ({ endpoint, head: answer.block }));
  }

  /** What those endpoints answer; who fails is left out. */
  read<T>(
    live: readonly Live<Endpoint>[],
    ask: (endpoint: Endpoint) => Promise<T>,
  ): Promise<Answered<Endpoint, T>[]> {
    return this.#askAll(
      live.map(({ endpoint }) => endpoint),
      ask,
    );
  }

  /** Notes whether the others outvoted it. */
  judge(endpoint: Endpoint, dissents: number): void {
    if (dissents === 0) this.#note(endpoint, "good");
    else this.#note(endpoint, "outvoted", { values: dissents });
  }

  async #askAll<T>(
    endpoints: readonly Endpoint[],
    ask: (endpoint: Endpoint) => Promise<T>,
  ): Promise<Answered<Endpoint, T>[]> {
    const all = await Promise.all(
      endpoints.map(async (endpoint) => {
        try {
          return { endpoint, answer: await ask(endpoint) };
        } catch (error) {
          this.#note(endpoint, "silent", { why: failureText(error) });
          return undefined;
        }
      }),
    );
    return all.filter((one) => one !== undefined);
  }

  #note(endpoint: Endpoint, now: Conduct, facts: Record<string, unknown> = {}): void {
    const before = this.#conduct.get(endpoint) ?? "unknown";
    if (before === now) return;
    this.#conduct.set(endpoint, now);
    const all = { endpoint: endpoint.name, ...facts };
    if (now !== "good") this.#log.warn(`chain.endpoint-${now}`, all);
    else if (before !== "unknown") this.#log.info("chain.endpoint-good", all);
  }
}

/**
 * The endpoints' addresses without repetitions: the same endpoint twice is one voice.
 * Throws HoldfastError `bad-rpc` (fault user).
 */
export function parseRpcs(rpcs: readonly string[]): string[] {
  const parsed = rpcs.map((rpc, i) => {
    const url = URL.parse(rpc);
    if (url === null || !["http:", "https:"].includes(url.protocol))
      throw badRpc(`number ${i + 1} is no http address`);
    return url.href;
  });
  const different = [...new Set(parsed)];
  if (different.length === 0) throw badRpc("none was given");
  if (different.length > limits.rpcEndpointsMax)
    throw badRpc(`more than ${limits.rpcEndpointsMax} were given`);
  return different;
}

function badRpc(why: string): HoldfastError {
  return new HoldfastError(`The chain's RPC endpoints cannot be used: ${why}.`, {
    code: "bad-rpc",
    fault: "user",
    remedy: "Name two or more endpoints of different operators, such as https://rpc.example.org.",
  });
}
