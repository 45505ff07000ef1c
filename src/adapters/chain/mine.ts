import { createTestClient, http } from "viem";
import { limits } from "../../protocol/limits.ts";

/** Has a development chain make so many blocks now. Throws what viem throws. */
export async function mine(rpc: string, blocks: number): Promise<void> {
  const transport = http(rpc, { timeout: limits.rpcMsMax, retryCount: 0 });
  await createTestClient({ mode: "anvil", transport }).mine({ blocks });
}
