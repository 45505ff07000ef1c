import { createPublicClient, http } from "viem";
import { limits } from "../../protocol/limits.ts";

export interface RpcOptions {
  readonly rpc: string;
  /** Calls made together are sent together. Every endpoint answers single calls; most of them lists of calls. */
  readonly batch: boolean;
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
}

/** One RPC endpoint, read only. Every call throws when it fails, takes too long or answers too much. */
export interface Rpc {
  /** For logs: the host only, since the rest of the address may hold a key. */
  readonly name: string;
  head(): Promise<{ chainId: number; block: bigint }>;
}

export function openRpc({ rpc, batch, signal }: RpcOptions) {
  const transport = http(rpc, {
    ...{ timeout: limits.rpcMsMax, retryCount: 0, maxResponseBodySize: limits.rpcReplyBytesMax, batch },
    ...(signal && { fetchOptions: { signal } }),
  });
  const client = createPublicClient({ transport, cacheTime: 0 });
  return {
    name: new URL(rpc).host,
    client,
    async head() {
      const [chainId, block] = await Promise.all([client.getChainId(), client.getBlockNumber()]);
      return { chainId, block };
    },
  } satisfies Rpc & Record<string, unknown>;
}
