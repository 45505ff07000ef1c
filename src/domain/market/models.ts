import type { ModelId } from "../ids.ts";
import { type Classes, classesKey } from "../verification/classes.ts";

/** What one node says of one model. */
interface Claim {
  readonly id: ModelId;
  readonly name: string;
  readonly contextTokens: number;
  /** Numbers of its vectors, where it gives vectors rather than words. */
  readonly dimensions?: number;
  /** What those numbers are about, where it is a classifier. */
  readonly classes?: Classes;
  /** Can it hold an answer to a JSON schema? */
  readonly schema?: boolean;
}

/** One node's models, and the stake behind its word (smallest unit). */
export interface ModelClaims {
  readonly models: readonly Claim[];
  readonly stake: bigint;
}

export interface ModelOnOffer {
  readonly id: ModelId;
  readonly name: string;
  /** The window its jobs reckon with, tokens. */
  readonly contextTokens: number;
  /** Numbers of its vectors; undefined where it gives words. */
  readonly dimensions: number | undefined;
  /** What those numbers are about, where it is a classifier. */
  readonly classes: Classes | undefined;
  /** Nodes that hold that window. */
  readonly providers: number;
  readonly stake: bigint;
  /** At least two of its nodes have a stake: one can speak, and another check it. */
  readonly staked: boolean;
  /** Some of its nodes can hold an answer to a JSON schema. */
  readonly schema: boolean;
}

/**
 * The models that nodes offer. A model is its digest; what it is called and how large its window is are only claims,
 * so the most stake decides (the most nodes where nobody has any): an offer costs nothing, and one stranger must not
 * rename a model or shrink its window for everybody. Those of one name stand in the order in which to prefer them: the
 * one registered on chain first, then the most staked.
 */
export function modelsOnOffer(
  offers: readonly ModelClaims[],
  isRegistered: (id: ModelId) => boolean,
): ModelOnOffer[] {
  const claims = new Map<ModelId, Array<Claim & { readonly stake: bigint }>>();
  for (const { models, stake } of offers) {
    for (const claim of models) {
      const others = claims.get(claim.id);
      if (others === undefined) claims.set(claim.id, [{ ...claim, stake }]);
      else others.push({ ...claim, stake });
    }
  }
  const found = [...claims].map(([id, all]) => ({ ...modelOf(id, all), ...vectorsOf(all) }));
  const rank = ({ id }: ModelOnOffer) => (isRegistered(id) ? 1 : 0);
  return found.sort(
    (a, b) =>
      rank(b) - rank(a) || Number(b.stake > a.stake) - Number(a.stake > b.stake) || b.providers - a.providers,
  );
}

function modelOf(
  id: ModelId,
  claims: ReadonlyArray<Claim & { readonly stake: bigint }>,
): Omit<ModelOnOffer, "dimensions" | "classes"> {
  const stake = claims.reduce((sum, claim) => sum + claim.stake, 0n);
  const weighed = claims.map((claim) => ({ ...claim, weight: stake > 0n ? claim.stake : 1n }));
  const contextTokens = windowOf(weighed);
  const providers = claims.filter((claim) => claim.contextTokens >= contextTokens).length;
  const staked = claims.filter((claim) => claim.stake > 0n).length >= 2;
  const schema = claims.some((claim) => claim.schema === true);
  return { id, name: nameOf(weighed), contextTokens, providers, stake, staked, schema };
}

/** What more than half of the stake says, or of the nodes where nobody has any; words, if it says nothing alike. */
function vectorsOf(
  claims: ReadonlyArray<Claim & { readonly stake: bigint }>,
): Pick<ModelOnOffer, "dimensions" | "classes"> {
  const staked = claims.filter(({ stake }) => stake > 0n);
  const weighed = staked.length > 0 ? staked : claims.map((claim) => ({ ...claim, stake: 1n }));
  const weightOf = (all: typeof weighed) => all.reduce((sum, { stake }) => sum + stake, 0n);
  const alike = [...Map.groupBy(weighed, vectorsKey).values()];
  const [first] = alike.find((those) => 2n * weightOf(those) > weightOf(weighed)) ?? [];
  return { dimensions: first?.dimensions, classes: first?.classes };
}

/** Claims with the same key are of the same kind of vectors. */
export function vectorsKey({
  dimensions,
  classes,
}: Partial<Pick<ModelOnOffer, "dimensions" | "classes">>): string {
  return `${dimensions ?? "words"} ${classesKey(classes)}`;
}

/** The largest window that more than half of the weight holds: a minority cannot shrink it. */
function windowOf(
  claims: ReadonlyArray<{ readonly contextTokens: number; readonly weight: bigint }>,
): number {
  const total = claims.reduce((sum, { weight }) => sum + weight, 0n);
  let holding = 0n;
  for (const { contextTokens, weight } of claims.toSorted((a, b) => b.contextTokens - a.contextTokens)) {
    holding += weight;
    if (2n * holding > total) return contextTokens;
  }
  return 0;
}

/** The name with the most weight; of equals the first by code unit, so that it does not change with the order. */
function nameOf(claims: ReadonlyArray<{ readonly name: string; readonly weight: bigint }>): string {
  const weights = new Map<string, bigint>();
  for (const { name, weight } of claims) weights.set(name, (weights.get(name) ?? 0n) + weight);
  const [best] = [...weights].sort(
    ([a, weightA], [b, weightB]) => Number(weightB > weightA) - Number(weightA > weightB) || (a < b ? -1 : 1),
  );
  return best?.[0] ?? "";
}
