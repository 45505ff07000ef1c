import type { Address, ModelId } from "../../domain/ids.ts";
import { limits } from "../../protocol/limits.ts";
import { bondsArtifact, modelsArtifact } from "./artifacts.generated.ts";
import { modelDigest } from "./registrant.ts";
import { openRpc, type Rpc, type RpcOptions } from "./rpc.ts";

export interface EndpointOptions extends Omit<RpcOptions, "batch"> {
  readonly bonds: Address;
  readonly models: Address;
}

/** What one RPC endpoint says of bonds and models. */
export interface Endpoint extends Rpc {
  /** In the order asked. */
  stakes(nodes: readonly Address[], block: bigint): Promise<readonly bigint[]>;
  registered(models: readonly ModelId[], block: bigint): Promise<readonly boolean[]>;
}

export function openEndpoint({ bonds, models, ...options }: EndpointOptions): Endpoint {
  const { name, client, head } = openRpc({ ...options, batch: false });
  return {
    ...{ name, head },
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
