import type { Ms } from "../ids.ts";
import { awayUntil, type Health, standing } from "./health.ts";

/** What routing knows of anyone it may ask, provider or plain upstream. */
export interface Candidate {
  readonly health: Health;
  /** What it was caught lying in; taken at its word, when not given. */
  readonly honesty?: Health;
  /** Attempts of this gateway under way there, and how many it takes at once (`Infinity` when it does not say). */
  readonly running: number;
  readonly slots: number;
  /** Usual time to its first content; undefined while unknown. */
  readonly latencyMs: Ms | undefined;
  /** Something is lost when it lies. */
  readonly bonded: boolean;
  /** Of a million tokens, smallest unit, near enough to compare. */
  readonly price: number;
  /** What it can fail together with: operator, region, build, hardware, network range. */
  readonly domain: readonly string[];
}

export interface RankOptions {
  /** Share of a doubling, between 0 and 1, by which the candidate at this index stands back: spreads equals by chance or by turns. */
  readonly spread: (index: number) => number;
  /** The place in the order that may be risked on someone on probation; undefined: none. */
  readonly ventureAt: number | undefined;
  /** Others have a stake: whoever has none is a stranger. */
  readonly staked?: boolean;
  /** Venture on a stranger rather than on one that failed. */
  readonly onStranger?: boolean;
  /** Others judge what is said: let one speak, if there is any, that lied and has been silent for long enough. */
  readonly onLiar?: boolean;
  /** What share of the prompt the candidate at this index has read before, 0 to 1; none, when not given. */
  readonly held?: (index: number) => number;
  /** Failure domains of those who are at work on the answer already; nobody, when not given. */
  readonly beside?: ReadonlyArray<Candidate["domain"]>;
}

/**
 * Orders candidates for one answer, best first. Everything that counts is in one unit, doublings of the expected wait:
 * load, latency, price, stake, faults, what it has read already, and a failure domain shared with someone placed before, or
 * at work already.
 *
 * Nobody is left out, so that the last live one is never locked out: good ones come first, then those on probation,
 * then those that are full, then those in quarantine, soonest out first. Only an answer that *ends* well brings one on
 * probation back, so one of them at a time is ventured on, at a place where its loss costs little.
 *
 * Strangers are those to whom nothing would happen when they lie, and those that did: they stay on probation, however
 * well they do. Only by speaking the truth where it is judged, and more than once, does a liar become less of one.
 */
export function rank<C extends Candidate>(candidates: readonly C[], now: Ms, options: RankOptions): C[] {
  const cheapest = Math.min(...candidates.map(({ price }) => price));
  const placed = candidates.map((candidate, index) => {
    const stranger = hasNoStake(candidate, options) || !isHonest(candidate, now);
    const held = options.held?.(index) ?? 0;
    const spread = options.spread(index);
    // Whoever has read the prompt stands back for nobody who is as good.
    const cost = costOf(candidate, cheapest) + spread * (1 - held) - held * heldWorth;
    return { candidate, stranger, tier: tierOf(candidate, stranger, now), spread, cost };
  });
  placed.sort((a, b) => a.tier - b.tier || tieOf(a) - tieOf(b));
  const good = placed.filter(({ tier }) => tier === tiers.good);
  const ordered = [...unlikeFirst(good, options), ...placed.slice(good.length)].map(
    ({ candidate }) => candidate,
  );
  const liar = placed.find((each) => options.onLiar && mayTellTheTruth(each, options, now))?.candidate;
  const ventured = liar ?? venturedOn(placed, options)?.candidate;
  const ventureAt = liar === undefined ? options.ventureAt : 0;
  if (ventured === undefined || ventureAt === undefined) return ordered;
  const others = ordered.filter((candidate) => candidate !== ventured);
  others.splice(Math.min(ventureAt, good.length), 0, ventured);
  return others;
}

function hasNoStake({ bonded }: Candidate, { staked }: RankOptions): boolean {
  return staked === true && !bonded;
}

function isHonest({ honesty }: Candidate, now: Ms): boolean {
  return honesty === undefined || standing(honesty, now) === "good";
}

/** Did it lie, has been silent for long enough since, and would lose something by lying again? */
function mayTellTheTruth({ candidate, tier }: Placed<Candidate>, options: RankOptions, now: Ms): boolean {
  const { honesty } = candidate;
  const isDue = honesty !== undefined && standing(honesty, now) === "probation";
  return isDue && tier === tiers.probation && !hasNoStake(candidate, options);
}

/**
 * A stranger only when one is asked for, and one that failed when there is none. Which of the strangers, chance alone
 * decides: none of them ever leaves probation, so whoever had failed once would always stand behind the others.
 */
function venturedOn<C extends Candidate>(
  placed: ReadonlyArray<Placed<C>>,
  { onStranger }: RankOptions,
): Placed<C> | undefined {
  const proving = placed.filter(({ tier, candidate }) => tier === tiers.probation && candidate.running === 0);
  const strangers = proving.filter(({ stranger }) => onStranger && stranger);
  const [chosen] = strangers.sort((a, b) => a.spread - b.spread);
  return chosen ?? proving.find(({ stranger }) => !stranger);
}

interface Placed<C> {
  readonly candidate: C;
  readonly stranger: boolean;
  readonly tier: number;
  readonly spread: number;
  readonly cost: number;
}

const tiers = { good: 0, probation: 1, full: 2, quarantined: 3 } as const;

function tierOf({ health, running, slots }: Candidate, stranger: boolean, now: Ms): number {
  const stands = standing(health, now);
  if (stands === "quarantined") return tiers.quarantined;
  const proven = stands === "good" && !stranger;
  // One attempt at a time is what probation means: a second one finds it full.
  if (running >= slots || (!proven && running > 0)) return tiers.full;
  return proven ? tiers.good : tiers.probation;
}

function tieOf({ candidate, tier, cost }: Placed<Candidate>): number {
  return tier === tiers.quarantined ? awayUntil(candidate.health) : cost;
}

function costOf({ health, honesty, running, latencyMs, bonded, price }: Candidate, cheapest: number): number {
  // Whole doublings only: smaller differences are noise, and spreading the load is worth more.
  const wait = Math.floor(Math.log2((running + 1) * Math.max((latencyMs ?? 0) / latencyFloorMs, 1)));
  const faults = Math.log2(1 + health.incidents + (honesty?.incidents ?? 0));
  const dearer = Math.log2((price + 1) / (cheapest + 1)) / 2;
  return wait + faults + dearer + (bonded ? 0 : unbondedCost);
}

/** Reorders so that each next one shares little with those before it and those at work, where that costs little. */
function unlikeFirst<C extends Candidate>(
  sorted: readonly Placed<C>[],
  { beside = [] }: RankOptions,
): Placed<C>[] {
  const left = [...sorted];
  const ordered: Placed<C>[] = [];
  const used = new Map<string, number>();
  const use = (domain: Candidate["domain"]) => {
    for (const part of domain) used.set(part, (used.get(part) ?? 0) + 1);
  };
  for (const domain of beside) use(domain);
  while (left.length > 0 && ordered.length < unlikeAmong) {
    let best = 0;
    let bestCost = Number.POSITIVE_INFINITY;
    for (const [index, { candidate, cost }] of left.slice(0, unlikeAmong * 4).entries()) {
      const shared = candidate.domain.reduce((sum, part) => sum + (used.get(part) ?? 0), 0);
      const unlike = cost + shared * sharedCost;
      if (unlike < bestCost) [best, bestCost] = [index, unlike];
    }
    const [chosen] = left.splice(best, 1);
    ordered.push(chosen!);
    use(chosen!.candidate.domain);
  }
  return [...ordered, ...left];
}

/** Below this, candidates count as equally quick. */
const latencyFloorMs = 50;
/** Nobody loses anything by lying there: as bad as having failed three times. */
const unbondedCost = 2;
/** Having read all of the prompt: more than a small difference, and mostly less than twice the load. */
const heldWorth = 0.25;
/** Executor, two witnesses and their first replacements. */
const unlikeAmong = 6;
/** One shared part of a failure domain weighs half a doubling. */
const sharedCost = 0.5;
