import { createPublicClient, http } from "viem";
import type { Address, ModelId } from "../../domain/ids.ts";
import { limits } from "../../protocol/limits.ts";
import { bondsArtifact, modelsArtifact } from "./artifacts.generated.ts";
import { modelDigest } from "./registrant.ts";

export interface EndpointOptions {
  readonly rpc: string;
  readonly bonds: Address;
  readonly models: Address;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** One RPC endpoint, read only. Every call throws when it fails, takes too long or answers too much. */
export interface Endpoint {
  /** For logs: the host only, since the rest of the address may hold a key. */
  readonly name: string;
  head(): Promise<{ chainId: number; block: bigint }>;
  /** In the order asked. */
  stakes(nodes: readonly Address[], block: bigint): Promise<readonly bigint[]>;
  registered(models: readonly ModelId[], block: bigint): Promise<readonly boolean[]>;
}

export function openEndpoint({ rpc, bonds, models, signal }: EndpointOptions): Endpoint {
  const transport = http(rpc, { timeout: limits.rpcMsMax, retryCount: 0, fetchFn: boundedFetch(signal) });
  const client = createPublicClient({ transport, cacheTime: 0 });
  return {
    name: new URL(rpc).host,
    async head() {
      const [chainId, block] = await Promise.all([client.getChainId(), client.getBlockNumber()]);
      return { chainId, block };
    },
    stakes: (nodes, blockNumber) =>
      inPages(nodes, (page) =>
        client.readContract({
          address: bonds,
          abi: bondsArtifact.abi,
          functionName: "stakesOf",
          args: [page],
          blockNumber,
        }),
      ),
    registered: (ids, blockNumber) =>
      inPages(ids, (page) =>
        client.readContract({
          address: models,
          abi: modelsArtifact.abi,
          functionName: "areRegistered",
          args: [page.map(modelDigest)],
          blockNumber,
        }),
      ),
  };
}

async function inPages<Asked, Answer>(
  asked: readonly Asked[],
  read: (page: Asked[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let start = 0; start < asked.length; start += limits.stakesPageMax) {
    const page = asked.slice(start, start + limits.stakesPageMax);
    const part = await read(page);
    if (part.length !== page.length)
      throw new Error("the endpoint answered for another number of things than asked");
    answers.push(...part);
  }
  return answers;
}

/** fetch that gives up on a body above the limit instead of filling memory with it. */
function boundedFetch(closed: AbortSignal): typeof fetch {
  return async (input, init) => {
    const signal = init?.signal ? AbortSignal.any([init.signal, closed]) : closed;
    const response = await fetch(input, { ...init, signal });
    if (response.body === null) return response;
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > limits.rpcReplyBytesMax)
        throw new Error(`the reply is above ${limits.rpcReplyBytesMax} bytes`);
      chunks.push(chunk);
    }
    const { status, statusText, headers } = response;
    const plain = new Headers(headers);
    // The body is decoded by now.
    plain.delete("content-encoding");
    plain.delete("content-length");
    return new Response(Buffer.concat(chunks), { status, statusText, headers: plain });
  };
}
