import type { Abi, Hex } from "viem";
import type { Address, ModelId } from "../../domain/ids.ts";
import type { NodeKey } from "../keys/node-key.ts";
import { type Account, openAccount } from "./account.ts";
import { modelsArtifact } from "./artifacts.generated.ts";
import { chainError, revertName } from "./chain-error.ts";

export interface ModelOptions {
  readonly rpcs: readonly string[];
  readonly models: Address;
  /** Pays the gas and becomes the registrant. */
  readonly payerKey: NodeKey;
  readonly model: ModelId;
  /** Where its manifest can be found; kept in an event only. */
  readonly manifestUri?: string;
  /** Registered models it was made from. */
  readonly parents?: readonly ModelId[];
}

/** Registers a model's digest where nobody has; resolves to whether this call did. Throws as `ensureBond` does. */
export async function ensureModel(options: ModelOptions): Promise<boolean> {
  const payer = openAccount(options.rpcs, options.payerKey);
  const digest = modelDigest(options.model);
  try {
    if (await isRegistered(payer, options.models, digest)) return false;
    const parents = (options.parents ?? []).map(modelDigest);
    await payer.call({
      address: options.models,
      abi: modelsArtifact.abi as Abi,
      functionName: "register",
      args: [digest, options.manifestUri ?? "", parents],
    });
    return true;
  } catch (error) {
    // Several providers of one model start at once: whoever is second has what it wanted.
    if (revertName(error) === "ModelsAlreadyRegistered") return false;
    throw chainError("register the model", error);
  }
}

/** A model's id as the chain writes it: the 32 bytes of its digest. */
export function modelDigest(model: ModelId): Hex {
  return `0x${model.slice("sha256:".length)}`;
}

function isRegistered({ client }: Account, models: Address, digest: Hex): Promise<boolean> {
  return client.readContract({
    address: models,
    abi: modelsArtifact.abi,
    functionName: "isRegistered",
    args: [digest],
  });
}
