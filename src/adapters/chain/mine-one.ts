import { createTestClient, http } from "viem";
import { limits } from "../../protocol/limits.ts";

/** Has a development chain make a block now. Throws what viem throws. */
export async function mineOne(rpc: string): Promise<void> {
  const transport = http(rpc, { timeout: limits.rpcMsMax, retryCount: 0 });
  await createTestClient({ mode: "anvil", transport }).mine({ blocks: 1 });
}
