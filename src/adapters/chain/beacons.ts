import { createPublicClient, http } from "viem";
import type { Market712 } from "../../domain/verification/statement.ts";
import type { Beacons } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { agreedBlock, agreedValue, quorum } from "./agreement.ts";
import { bondsArtifact } from "./artifacts.generated.ts";
import { parseRpcs } from "./panel.ts";

/**
 * Beacons and weights as most of the endpoints that answer have them. A block's hash is the beacon: a contract has it
 * for one opcode on any EVM chain, which `prevrandao` of the past is not. Throws HoldfastError `bad-rpc` (fault user).
 */
export function createBeacons({
  rpcs,
  chainId,
  bonds,
}: Market712 & { readonly rpcs: readonly string[] }): Beacons {
  const endpoints = parseRpcs(rpcs).map((rpc) => {
    const transport = http(rpc, { timeout: limits.rpcMsMax, retryCount: 0, batch: true });
    return createPublicClient({ transport, cacheTime: 0 });
  });
  type Endpoint = (typeof endpoints)[number];
  const contract = { address: bonds, abi: bondsArtifact.abi } as const;

  /** Of those that answer. */
  async function ask<T>(question: (endpoint: Endpoint) => Promise<T>): Promise<T[]> {
    const answers = await Promise.allSettled(endpoints.map(question));
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  }

  /** What most of those that answered agree on, value by value; undefined where they do not on one of them. */
  async function agreed(
    question: (endpoint: Endpoint) => Promise<readonly bigint[]>,
  ): Promise<bigint[] | undefined> {
    const answers = await ask(question);
    const values = answers[0]?.map((_, at) =>
      agreedValue(
        answers.map((each) => each[at]),
        quorum(answers.length),
      ),
    );
    return values?.every((value) => value !== undefined) ? (values as bigint[]) : undefined;
  }

  return {
    async head() {
      const heads = await ask(async (endpoint) => {
        const [id, block] = await Promise.all([endpoint.getChainId(), endpoint.getBlockNumber()]);
        return id === chainId ? [block] : [];
      });
      const block = agreedBlock(heads.flat());
      return block === undefined ? undefined : Number(block);
    },
    async block(number) {
      const facts = await agreed(async (endpoint) => {
        const { hash, timestamp } = await endpoint.getBlock({ blockNumber: BigInt(number) });
        return [BigInt(hash), timestamp];
      });
      if (facts === undefined) return undefined;
      const [hash, seconds] = facts as [bigint, bigint];
      return { hash: hash.toString(16).padStart(64, "0"), at: 1000 * Number(seconds) };
    },
    async weights(nodes, block) {
      const facts = await agreed((endpoint) =>
        Promise.all([
          endpoint.readContract({ ...contract, functionName: "totalWeightAt", args: [BigInt(block)] }),
          ...nodes.map((node) =>
            endpoint.readContract({ ...contract, functionName: "weightAt", args: [node, BigInt(block)] }),
          ),
        ]),
      );
      if (facts === undefined) return undefined;
      const [total = 0n, ...stakes] = facts;
      return { total, stakes };
    },
  };
}
