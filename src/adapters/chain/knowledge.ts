import * as z from "zod";
import type { Address, ModelId } from "../../domain/ids.ts";
import type { Log, Store } from "../../ports.ts";
import { addressSchema, modelIdSchema } from "../../protocol/schemas.ts";
import { failureText } from "./chain-error.ts";
import type { Watched } from "./watched.ts";

/** What a reader knows of bonds and models. */
export interface Knowledge {
  readonly stakes: Watched<Address, bigint>;
  readonly registered: Watched<ModelId, boolean>;
}

/** Whose bonds and models: knowledge of one chain says nothing about another. */
export interface KnowledgeOf {
  readonly chainId: number;
  readonly bonds: Address;
  readonly models: Address;
}

const savedSchema = z.object({
  /** Unix ms of the reading that changed something last. */
  freshAt: z.number(),
  stakes: z.array(z.tuple([addressSchema, z.string().regex(/^\d{1,78}$/)])),
  registered: z.array(z.tuple([modelIdSchema, z.boolean()])),
});

/** Fills `knowledge` with what was kept of an earlier run; returns when that was read, undefined when there is none. */
export function recall(
  store: Store | undefined,
  of: KnowledgeOf,
  knowledge: Knowledge,
  log: Log,
): number | undefined {
  try {
    const text = store?.get(keyOf(of));
    if (text === undefined) return undefined;
    const saved = savedSchema.parse(JSON.parse(text));
    for (const [node, stake] of saved.stakes) {
      knowledge.stakes.ask(node);
      knowledge.stakes.learn(node, BigInt(stake));
    }
    for (const [model, is] of saved.registered) {
      knowledge.registered.ask(model);
      knowledge.registered.learn(model, is);
    }
    return saved.freshAt;
  } catch (error) {
    log.warn("chain.knowledge-not-recalled", { why: failureText(error) });
    return undefined;
  }
}

/** Keeps it. A disk that is full costs only the next start its memory. */
export function remember(
  store: Store | undefined,
  of: KnowledgeOf,
  { stakes, registered }: Knowledge,
  { freshAt, log }: { freshAt: number; log: Log },
): void {
  const saved: z.input<typeof savedSchema> = {
    freshAt,
    stakes: stakes.known().map(([node, stake]) => [node, stake.toString()]),
    registered: registered.known(),
  };
  try {
    store?.put(keyOf(of), JSON.stringify(saved));
  } catch (error) {
    log.warn("chain.knowledge-not-kept", { why: failureText(error) });
  }
}

function keyOf({ chainId, bonds, models }: KnowledgeOf): string {
  return `chain/${chainId}/${bonds}/${models}`;
}
