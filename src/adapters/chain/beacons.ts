import type { Market712 } from "../../domain/verification/statement.ts";
import type { Beacons, Log } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { agreedBlock, Ballot } from "./agreement.ts";
import { bondsArtifact } from "./artifacts.generated.ts";
import { askedTogether } from "./asked-together.ts";
import { failureText } from "./chain-error.ts";
import { mine } from "./mine.ts";
import { Panel, parseRpcs } from "./panel.ts";
import { openRpc } from "./rpc.ts";

/** Least time between two blocks that are made because somebody waits, ms: what is announced for one has to arrive first. */
const blockMsMin = 1_000;

/**
 * Beacons and weights as most of the right chain's endpoints that answer have them. A block's hash is the beacon: a
 * contract has it for one opcode on any EVM chain, which `prevrandao` of the past is not. Throws HoldfastError `bad-rpc`
 * (fault user).
 *
 * `mines`: on a development chain, where blocks come by the minute, whoever asks for one to come again after a moment has
 * the chain made that long. It decides nothing about what is in it.
 */
export function createBeacons(
  { log }: { readonly log: Log },
  { rpcs, chainId, bonds, mines }: Market712 & { readonly rpcs: readonly string[]; readonly mines?: boolean },
): Beacons {
  type Endpoint = ReturnType<typeof openRpc>;
  const endpoints = parseRpcs(rpcs);
  const panel = new Panel(
    endpoints.map((rpc) => openRpc({ rpc, batch: true })),
    chainId,
    log,
  );
  /** Blocks that somebody waits for, and since when. */
  const awaited = new Map<number, number>();
  const contract = { address: bonds, abi: bondsArtifact.abi } as const;

  /**
   * What most of them agree on, value by value; undefined where they do not on one of them. Who has not reached the
   * block is not asked, but counts: the first to have it does not choose the beacon.
   */
  async function agreed(
    reached: number,
    question: (client: Endpoint["client"]) => Promise<readonly bigint[]>,
  ): Promise<bigint[] | undefined> {
    const live = await panel.heads();
    const there = live.filter(({ head }) => head >= BigInt(reached));
    const answers = await panel.read(there, ({ client }) => question(client));
    const ballot = new Ballot(answers.length, live.length);
    const values = answers[0]?.answer.map((_, at) => ballot.decide(answers.map(({ answer }) => answer[at])));
    for (const [at, { endpoint }] of answers.entries()) panel.judge(endpoint, ballot.dissentsOf(at));
    return values?.every((value) => value !== undefined) ? values : undefined;
  }

  /** Makes the block that is waited for, a moment after somebody began to. */
  async function mineFor(block: number): Promise<void> {
    const now = performance.now();
    const since = awaited.get(block) ?? now;
    awaited.set(block, since);
    if (now - since < blockMsMin) return;
    const [first] = await panel.heads();
    if (first === undefined) return;
    const head = Number(first.head);
    for (const each of awaited.keys()) if (each <= head) awaited.delete(each);
    if (block <= head) return;
    // One at a time, so that others' announcements arrive, but for who waits for an epoch.
    const missing = block - head;
    awaited.set(block, now);
    await mine(endpoints[0]!, missing <= limits.closeAheadMax ? 1 : missing).catch((error: unknown) =>
      log.debug("chain.not-mined", { why: failureText(error) }),
    );
  }

  return {
    // Each announcement of an answer to be drawn asks for it, and anybody may announce.
    head: askedTogether(async () => {
      const block = agreedBlock((await panel.heads()).map(({ head }) => head));
      return block === undefined ? undefined : Number(block);
    }),
    async block(number) {
      const facts = await agreed(number, async (client) => {
        const { hash, timestamp } = await client.getBlock({ blockNumber: BigInt(number) });
        return [BigInt(hash), timestamp];
      });
      if (facts === undefined) {
        if (mines) await mineFor(number);
        return undefined;
      }
      const [hash, seconds] = facts as [bigint, bigint];
      return { hash: hash.toString(16).padStart(64, "0"), at: 1000 * Number(seconds) };
    },
    async weights(nodes, block) {
      const args = [BigInt(block)] as const;
      // The contract knows what was only of blocks that are over.
      const facts = await agreed(block + 1, (client) =>
        Promise.all([
          client.readContract({ ...contract, functionName: "totalWeightAt", args }),
          ...nodes.map((node) =>
            client.readContract({ ...contract, functionName: "weightAt", args: [node, ...args] }),
          ),
        ]),
      );
      if (facts === undefined) return undefined;
      const [total = 0n, ...stakes] = facts;
      return { total, stakes };
    },
  };
}
