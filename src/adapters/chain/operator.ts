import { type Abi, bytesToHex, erc20Abi, type Hex, maxUint256 } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Address } from "../../domain/ids.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { addressOf, type NodeKey } from "../keys/node-key.ts";
import { domain712 } from "../keys/offer-signature.ts";
import { type Account, openAccount } from "./account.ts";
import { bondsArtifact } from "./artifacts.generated.ts";
import { chainError } from "./chain-error.ts";

export interface BondOptions {
  /** Endpoints of the chain, tried in order. */
  readonly rpcs: readonly string[];
  /** The node's key. It signs its consent and pays only where there is no `payerKey`. */
  readonly key: NodeKey;
  readonly bonds: Address;
  /** Puts up the stake, pays the gas, and alone can take the stake back. The node itself by default. */
  readonly payerKey?: NodeKey;
  /** What the node's stake shall be at least, smallest unit. */
  readonly stake: bigint;
  /** For people, kept in an event only. */
  readonly metadata?: string;
}

export interface Bond {
  readonly node: Address;
  readonly operator: Address;
  /** Smallest unit. */
  readonly stake: bigint;
  /** Did this call send a transaction? */
  readonly changed: boolean;
}

/** Time within which a consent has to reach a block, s. */
const consentSecondsMax = 3600;

/**
 * Registers a node and tops its stake up to `stake`; does nothing where that is the case already. Throws HoldfastError
 * `bond-of-another` (fault user: the node has another operator, who alone can add stake), `payer-without-stake`,
 * `payer-without-funds`, `chain-refused` (fault user), `chain-unreachable`, `chain-failed` (fault environment).
 */
export async function ensureBond(options: BondOptions): Promise<Bond> {
  const node = addressOf(options.key);
  const payer = openAccount(options.rpcs, options.payerKey ?? options.key);
  try {
    const bond = await readBond(payer, options.bonds, node);
    const missing = options.stake - bond.stake;
    const isNew = bond.stake === 0n && bond.thawing === 0n && bond.operator !== payer.address;
    if (!isNew && missing <= 0n) return { node, operator: bond.operator, stake: bond.stake, changed: false };
    if (!isNew && bond.operator !== payer.address) throw ofAnother(node, bond.operator, payer.address);
    if (missing > 0n) await allowStake(payer, options.bonds, missing);
    if (isNew) await register(payer, options, node);
    else await payer.call(bondsCall(options.bonds, "stake", [node, missing]));
    return {
      node,
      operator: payer.address,
      stake: bond.stake + (missing > 0n ? missing : 0n),
      changed: true,
    };
  } catch (error) {
    throw chainError("bond the node", error);
  }
}

async function readBond({ client }: Account, bonds: Address, node: Address) {
  const [operator, stake, thawing] = await client.readContract({
    address: bonds,
    abi: bondsArtifact.abi,
    functionName: "bondOf",
    args: [node],
  });
  return { operator: operator as Address, stake, thawing };
}

/**
 * Lets the bond contract draw on the payer. Without a bound, because nodes of one payer bond at the same time and
 * would overwrite each other's exact allowances; the contract moves a caller's own tokens only.
 */
async function allowStake(payer: Account, bonds: Address, amount: bigint): Promise<void> {
  const { client, address: owner } = payer;
  const token = await client.readContract({ address: bonds, abi: bondsArtifact.abi, functionName: "token" });
  const [balance, allowance] = await Promise.all([
    client.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [owner] }),
    client.readContract({ address: token, abi: erc20Abi, functionName: "allowance", args: [owner, bonds] }),
  ]);
  if (balance < amount) {
    throw new HoldfastError("The paying account does not hold enough of the stake's token.", {
      code: "payer-without-stake",
      fault: "user",
      remedy: "Send it the missing tokens, or lower the stake.",
      facts: { payer: owner, token, holds: balance.toString(), needs: amount.toString() },
    });
  }
  if (allowance >= amount) return;
  await payer.call({
    address: token as Address,
    abi: erc20Abi as Abi,
    functionName: "approve",
    args: [bonds, maxUint256],
  });
}

async function register(payer: Account, options: BondOptions, node: Address): Promise<void> {
  const { bonds, key, stake, metadata = "" } = options;
  const { timestamp } = await payer.client.getBlock();
  const deadline = timestamp + BigInt(consentSecondsMax);
  const consent = payer.address === node ? "0x" : await signConsent(payer, { bonds, key, node, deadline });
  await payer.call(bondsCall(bonds, "register", [node, stake, metadata, deadline, consent]));
}

async function signConsent(
  payer: Account,
  { bonds, key, node, deadline }: { bonds: Address; key: NodeKey; node: Address; deadline: bigint },
): Promise<Hex> {
  const { client, address: operator } = payer;
  const [chainId, nonce] = await Promise.all([
    client.getChainId(),
    client.readContract({ address: bonds, abi: bondsArtifact.abi, functionName: "nonces", args: [node] }),
  ]);
  return privateKeyToAccount(bytesToHex(key)).signTypedData({
    domain: domain712({ chainId, bonds }),
    types: {
      Register: [
        { name: "node", type: "address" },
        { name: "operator", type: "address" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    },
    primaryType: "Register",
    message: { node, operator, nonce, deadline },
  });
}

function bondsCall(address: Address, functionName: string, args: readonly unknown[]) {
  return { address, abi: bondsArtifact.abi as Abi, functionName, args };
}

function ofAnother(node: Address, operator: Address, payer: Address): HoldfastError {
  return new HoldfastError("The node is bonded by another operator, who alone can add to its stake.", {
    code: "bond-of-another",
    fault: "user",
    remedy: "Use the key of the operator that bonded it, or have it thaw and withdraw the stake first.",
    facts: { node, operator, payer },
  });
}
