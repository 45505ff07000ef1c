import type { Market712 } from "../../domain/verification/statement.ts";
import type { Beacons, Log } from "../../ports.ts";
import { agreedBlock, Ballot } from "./agreement.ts";
import { bondsArtifact } from "./artifacts.generated.ts";
import { Panel, parseRpcs } from "./panel.ts";
import { openRpc } from "./rpc.ts";

/**
 * Beacons and weights as most of the right chain's endpoints that answer have them. A block's hash is the beacon: a
 * contract has it for one opcode on any EVM chain, which `prevrandao` of the past is not. Throws HoldfastError `bad-rpc`
 * (fault user).
 */
export function createBeacons(
  { log }: { readonly log: Log },
  { rpcs, chainId, bonds }: Market712 & { readonly rpcs: readonly string[] },
): Beacons {
  type Endpoint = ReturnType<typeof openRpc>;
  const panel = new Panel(
    parseRpcs(rpcs).map((rpc) => openRpc({ rpc, batch: true })),
    chainId,
    log,
  );
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

  return {
    async head() {
      const block = agreedBlock((await panel.heads()).map(({ head }) => head));
      return block === undefined ? undefined : Number(block);
    },
    async block(number) {
      const facts = await agreed(number, async (client) => {
        const { hash, timestamp } = await client.getBlock({ blockNumber: BigInt(number) });
        return [BigInt(hash), timestamp];
      });
      if (facts === undefined) return undefined;
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
