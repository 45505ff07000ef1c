import { type Abi, concatHex, encodeDeployData, getContractAddress, type Hex, zeroHash } from "viem";
import type { Address } from "../../domain/ids.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { addressOf, type NodeKey } from "../keys/node-key.ts";
import { type Account, openAccount } from "./account.ts";
import { bondsArtifact, holdArtifact, managerArtifact, modelsArtifact } from "./artifacts.generated.ts";
import { chainError } from "./chain-error.ts";
import { devKey } from "./dev-accounts.ts";

export interface Contracts {
  readonly chainId: number;
  readonly bonds: Address;
  readonly models: Address;
  /** The stake's token. All of it belongs to the payer at first. */
  readonly hold: Address;
  /** Authority over slashing. */
  readonly manager: Address;
}

export interface DeployOptions {
  readonly rpc: string;
  /** Pays for the deployment and receives the whole supply of Hold; a development chain's first account by default. */
  readonly payerKey?: NodeKey;
  /** Time stake thaws before it can be withdrawn, s. */
  readonly thawSeconds?: number;
}

/** The account that endows a local network. Everybody knows its key. */
export const devPayerKey: NodeKey = devKey(0);

/** Longer than any dispute should last. */
const thawSecondsDefault = 7 * 24 * 3600;
const holdSupply = 1_000_000_000n * 10n ** 18n;

/**
 * Administers the development chain's authority: an address nobody has a key to. So the role that may slash is held
 * by nobody and can be granted to nobody; a network with judges brings an authority with a governance behind it.
 */
const nobody: Address = "0x000000000000000000000000000000000000dEaD" as Address;

/**
 * The factory that makes a contract's address follow from its code alone (CREATE2). It stands at this address on
 * nearly every chain, and on a development chain from its first block.
 * https://github.com/Arachnid/deterministic-deployment-proxy
 */
const factory: Address = "0x4e59b44847b379578588920cA78FbF26c0B4956C" as Address;

/**
 * Deploys what is not there yet, from shipped bytecode. A second call sends nothing, two at once do no harm, and one
 * that was interrupted is taken up where it stopped. Throws HoldfastError `chain-unreachable`, `chain-failed`,
 * `factory-missing` (fault environment), `payer-without-funds` (fault user).
 */
export async function ensureContracts(options: DeployOptions): Promise<Contracts> {
  const payer = openAccount([options.rpc], options.payerKey ?? devPayerKey);
  try {
    const chainId = await payer.client.getChainId();
    const plan = planContracts(payer.address, options.thawSeconds ?? thawSecondsDefault);
    for (const { address, code } of plan.deployments) await ensureCode(payer, address, code);
    return { chainId, ...plan.addresses };
  } catch (error) {
    throw chainError("deploy the contracts", error);
  }
}

/** Where `ensureContracts` puts them, without asking a chain. */
export function contractAddresses(
  payerKey = devPayerKey,
  thawSeconds = thawSecondsDefault,
): Omit<Contracts, "chainId"> {
  return planContracts(addressOf(payerKey), thawSeconds).addresses;
}

function planContracts(payer: Address, thawSeconds: number) {
  const manager = plan(managerArtifact, [nobody]);
  const hold = plan(holdArtifact, [payer, holdSupply]);
  const models = plan(modelsArtifact, []);
  const bonds = plan(bondsArtifact, [hold.address, manager.address, thawSeconds]);
  return {
    deployments: [manager, hold, models, bonds],
    addresses: { bonds: bonds.address, models: models.address, hold: hold.address, manager: manager.address },
  };
}

function plan(artifact: { abi: Abi | readonly unknown[]; bytecode: Hex }, args: readonly unknown[]) {
  const code = encodeDeployData({ abi: artifact.abi as Abi, bytecode: artifact.bytecode, args });
  const address = getContractAddress({ opcode: "CREATE2", from: factory, salt: zeroHash, bytecode: code });
  return { address: address as Address, code };
}

async function ensureCode(payer: Account, address: Address, code: Hex): Promise<void> {
  if (await hasCode(payer, address)) return;
  if (!(await hasCode(payer, factory))) {
    throw new HoldfastError("This chain has no deterministic deployment factory.", {
      code: "factory-missing",
      fault: "environment",
      remedy: "Deploy it as its page says, or take a chain that has it.",
      facts: { factory },
    });
  }
  try {
    await payer.send(factory, concatHex([zeroHash, code]));
  } catch (error) {
    // Another process may have been first; the factory refuses to deploy twice.
    if (!(await hasCode(payer, address))) throw error;
  }
}

async function hasCode({ client }: Account, address: Address): Promise<boolean> {
  const code = await client.getCode({ address });
  return code !== undefined && code !== "0x";
}
