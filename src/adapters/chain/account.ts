import {
  type Abi,
  bytesToHex,
  createPublicClient,
  createWalletClient,
  fallback,
  type Hex,
  http,
  type PublicClient,
  type TransactionReceipt,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Address } from "../../domain/ids.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import type { NodeKey } from "../keys/node-key.ts";
import { isBlockRace, isNonceRace } from "./chain-error.ts";

interface Call {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
}

/** An account that pays for transactions. Its endpoints are tried in order. */
export interface Account {
  readonly address: Address;
  readonly client: PublicClient;
  /** Simulates, sends and waits until the call is in a block. Throws what viem throws; see chain-error.ts. */
  call(call: Call): Promise<TransactionReceipt>;
  /** Sends raw data and waits for it. */
  send(to: Address, data: Hex): Promise<TransactionReceipt>;
}

/** Tries when others' transactions come between, from the same account or into the same block: some 4 s together. */
const raceTriesMax = 20;
const receiptMsMax = 60_000;

export function openAccount(rpcs: readonly string[], key: NodeKey): Account {
  const account = privateKeyToAccount(bytesToHex(key));
  const transport = fallback(rpcs.map((rpc) => http(rpc, { timeout: limits.rpcMsMax, retryCount: 1 })));
  const client = createPublicClient({ transport, pollingInterval: 100 });
  const wallet = createWalletClient({ account, transport });

  async function settle(hash: Hex): Promise<TransactionReceipt> {
    const receipt = await client.waitForTransactionReceipt({ hash, timeout: receiptMsMax });
    if (receipt.status === "success") return receipt;
    throw new HoldfastError("A transaction was mined but failed.", {
      code: failed,
      fault: "environment",
      remedy: "Run the same command again: what was done already is not done twice.",
      retryable: true,
      facts: { transaction: hash, block: Number(receipt.blockNumber) },
    });
  }

  return {
    address: account.address as Address,
    client,
    call: (call) =>
      outrun(async () => {
        const { request } = await client.simulateContract({ account, ...call });
        // The request's own ABI holds the function alone, so that no error of the contract would have a name.
        return settle(await wallet.writeContract({ ...request, abi: call.abi, chain: null }));
      }),
    send: (to, data) => outrun(async () => settle(await wallet.sendTransaction({ chain: null, to, data }))),
  };
}

/** A call that was tried first and failed all the same met another state than it was tried on; the next try tells. */
const failed = "transaction-failed";

async function outrun<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      const isFailed = error instanceof HoldfastError && error.code === failed;
      const isRace = isFailed || isNonceRace(error) || isBlockRace(error);
      if (!isRace || tries >= raceTriesMax) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 40 * tries));
    }
  }
}
