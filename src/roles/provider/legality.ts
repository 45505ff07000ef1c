import { readSchema } from "../../domain/grammar/json-schema.ts";
import { createRestriction, type Restriction } from "../../domain/grammar/restriction.ts";
import type { Vocabulary } from "../../domain/grammar/vocabulary.ts";
import type { TokenId } from "../../domain/ids.ts";
import { endOf } from "../../domain/verification/margin.ts";
import type { Candidate } from "../../domain/verification/sampler.ts";
import type { TokenSequence } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";

/**
 * What may be said at each position of one answer. Speaker and judges ask the same of it, so a schema restricts them
 * alike: the sampler chooses among the legal ones of its 64 candidates and, where none of them is legal, says the
 * likeliest legal token of the whole vocabulary. One token rather than a longer list, because on which side of the 64th
 * a token falls may be a matter of the last bit: the likeliest legal one is hardly ever another one for that.
 */
export interface Legality {
  /** `claimed`: a token that somebody says was chosen there. All throw HoldfastError `bad-request` (fault user) where
   *  the answer has too many readings, or nests too deep, to be followed. */
  among(
    position: number,
    candidates: readonly Candidate[],
    signal: AbortSignal,
    claimed?: TokenId,
  ): Promise<Legal>;
  /** May it be said there at all? It takes no engine to tell. Throws as `among` does. */
  allows(position: number, id: TokenId): boolean;
  /** The token at `position` is this one; in order, or again from an earlier position on. */
  told(position: number, id: TokenId): void;
}

interface Legal {
  readonly candidates: readonly Candidate[];
  /** Of the claimed token where it is none of the candidates; −∞ when it is not legal. */
  readonly claimedLogit?: number | undefined;
  /** Where the engine's own list ended. */
  readonly end: number;
}

/** Throws HoldfastError `bad-request` for a schema that is not taken, `engine` for an engine that shows no vocabulary. */
export function createLegality(
  sequence: Pick<TokenSequence, "logitsOf">,
  schema: string | undefined,
  vocabulary: Vocabulary | undefined,
): Legality {
  const restriction = schema === undefined ? undefined : restrictionOf(schema, vocabulary);

  async function among(
    position: number,
    all: readonly Candidate[],
    signal: AbortSignal,
    claimed?: TokenId,
  ): Promise<Legal> {
    const isLegal = (id: TokenId) => allows(position, id);
    const end = endOf(all);
    const candidates = restriction === undefined ? all : all.filter(({ id }) => isLegal(id));
    if (claimed !== undefined && !isLegal(claimed))
      return { candidates, claimedLogit: Number.NEGATIVE_INFINITY, end };
    const legal = candidates.length > 0 ? [] : (restriction?.legal(position) ?? []);
    // What is the only way on needs no engine to tell how likely it is.
    if (legal.length === 1) return { candidates: [{ id: legal[0]!, logit: 0 }], end };
    const isOutside = claimed !== undefined && !candidates.some(({ id }) => id === claimed);
    const ids = isOutside && !legal.includes(claimed) ? [...legal, claimed] : legal;
    if (ids.length === 0) return { candidates, end };
    const logits = await sequence.logitsOf(position, ids, signal);
    const claimedLogit = isOutside ? logits[ids.indexOf(claimed)] : undefined;
    return { candidates: candidates.length > 0 ? candidates : likeliest(legal, logits), claimedLogit, end };
  }

  function allows(position: number, id: TokenId): boolean {
    return restriction?.isLegal(position, id) ?? true;
  }

  return { among, allows, told: (position, id) => restriction?.told(position, id) };
}

function likeliest(ids: readonly TokenId[], logits: readonly number[]): Candidate[] {
  let best: Candidate | undefined;
  for (const [at, id] of ids.entries()) {
    const logit = logits[at]!;
    // Of equals the lower id, which comes first.
    if (best === undefined || logit > best.logit) best = { id, logit };
  }
  if (best !== undefined) return [best];
  throw new HoldfastError("this model has no token with which the answer could go on as its schema asks", {
    ...{ code: "engine", fault: "peer" },
  });
}

function restrictionOf(schema: string, vocabulary: Vocabulary | undefined): Restriction {
  if (vocabulary === undefined)
    throw new HoldfastError("this engine cannot hold an answer to a schema", {
      ...{ code: "engine", fault: "peer" },
    });
  const pattern = readSchema(schema, limits);
  if ("kind" in pattern) return explained(createRestriction(pattern, vocabulary, limits));
  throw new HoldfastError(`the schema ${pattern.what} (at ${pattern.at || "its top"})`, {
    ...{ code: "bad-request", fault: "user" },
  });
}

/** Whose answer cannot be followed asked for too much: nobody's engine is broken for it. */
function explained({ isLegal, legal, told }: Restriction): Restriction {
  function tried<T>(look: () => T): T {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new HoldfastError(
        "the schema lets this answer be read in more ways, or nest deeper, than can be followed",
        {
          ...{ code: "bad-request", fault: "user", cause: error },
        },
      );
    }
  }
  return {
    isLegal: (position, id) => tried(() => isLegal(position, id)),
    legal: (position) => tried(() => legal(position)),
    told: (position, id) => tried(() => told(position, id)),
  };
}
