import { limits } from "../protocol/limits.ts";
import { standingIn, takenBack } from "../protocol/standing.ts";
import type { Seen } from "./application.ts";
import type { Chance } from "./chance.ts";
import { checkGapless } from "./checkers/gapless.ts";
import { checkOneEnd } from "./checkers/one-end.ts";
import { checkTruth } from "./checkers/truth.ts";
import type { Asked } from "./gateway.ts";
import { contextOf, tokensOf } from "./model.ts";
import type { SimulatedNode } from "./node.ts";
import type { Said } from "./recovery.ts";
import type { Scenario } from "./scenario.ts";
import type { World } from "./world.ts";

/** One answered request, as far as figures need it. */
export interface Answered {
  readonly askedAt: number;
  readonly endedAt: number;
  readonly end: "succeeded" | "refused" | "failed" | "silent";
  /** Code and first sentence of an explicit error. */
  readonly why: string | undefined;
  /** What broke a rule, whatever the end. */
  readonly violation: string | undefined;
  /** False words, and nothing else, that its explicit error took back, naming how many of them are true. */
  readonly withdrawn: boolean;
  /** It had a speaker that was struck; was a witness left? */
  readonly struck: "warm" | "cold" | undefined;
  /** Largest time between two deliveries after the strike, ms; 0 where there were none. */
  readonly gapMs: number;
}

/** The applications: they ask, read, and remember how it went. */
export interface Audience {
  /** Asks questions from now on. Calls `over` when the last has its end. */
  ask(questions: Questions, over: () => void): void;
  /** These nodes fail now: notes whose answers they were speaking. */
  struck(nodes: ReadonlySet<SimulatedNode>): void;
  readonly answered: readonly Answered[];
  /** Deliveries of answers that have ended, in steps of time. */
  readonly said: readonly Said[];
  /** Requests without an end so far, in the order of asking. */
  readonly underWay: ReadonlySet<{ readonly askedAt: number }>;
}

export interface Questions {
  readonly count: number;
  /** On average. */
  readonly perSecond: number;
  /** How often one that is told to come back later (429) does so, as clients do; 0 takes the first word. */
  readonly retries: number;
}

interface Open extends Asked {
  readonly askedAt: number;
  readonly words: string;
  struck: "warm" | "cold" | undefined;
  struckAt: number;
}

/** Width of a step in which deliveries are counted, ms: as fine as recovery is told. */
const stepMs = 25;

export interface AudienceOptions extends Pick<Scenario, "asks" | "unwatched"> {
  /** Longest answer. */
  readonly tokens: number;
}

export function createAudience(world: World, chance: Chance, options: AudienceOptions): Audience {
  const { timeline, gateways } = world;
  const open = new Set<Open>();
  const answered: Answered[] = [];
  const said: Array<{ at: number; words: number }> = [];

  function askOne(retries: number, ended: () => void): void {
    const words = `tell me ${chance.below(100_000)} things`;
    const request = {
      messages: [{ role: "user", content: words }],
      ...{ temperature: 0, max_tokens: options.tokens },
      ...(options.asks && { holdfast: options.asks }),
    };
    const gateway = gateways[chance.below(gateways.length)]!;
    let asked: Open | undefined;
    const asking = gateway.ask(request, {
      events: false,
      ended() {
        // A refusal at once comes before `ask` has returned.
        if (asked === undefined) timeline.at(timeline.now(), () => close(asked!, retries, ended));
        else close(asked, retries, ended);
      },
    });
    asked = { ...asking, askedAt: timeline.now(), words, struck: undefined, struckAt: 0 };
    open.add(asked);
  }

  function close(asked: Open, retries: number, ended: () => void): void {
    if (!open.delete(asked)) return;
    if (asked.seen.status === 429 && retries > 0) {
      const later = timeline.now() + 1000 * limits.retryAfterSeconds;
      timeline.at(later, () => askOne(retries - 1, ended));
      return;
    }
    answered.push(judge(asked, timeline.now(), options.unwatched ?? false));
    for (const time of asked.seen.times) {
      const step = Math.floor(time / stepMs);
      while (said.length <= step) said.push({ at: said.length * stepMs, words: 0 });
      said[step]!.words += 1;
    }
    ended();
  }

  return {
    answered,
    said,
    underWay: open,
    ask({ count, perSecond, retries }, over) {
      let left = count;
      let coming = count;
      const next = () => {
        if (coming === 0) return;
        coming -= 1;
        askOne(retries, () => {
          left -= 1;
          if (left === 0) over();
        });
        timeline.at(timeline.now() + chance.exponential(1000 / perSecond), next);
      };
      next();
    },
    struck(nodes) {
      const peers = new Set<string>([...nodes].map(({ peer }) => peer));
      for (const asked of open) {
        const { cast } = asked.seen;
        if (cast === undefined || !peers.has(cast.executor)) continue;
        asked.struck = cast.witnesses.some((peer) => !peers.has(peer)) ? "warm" : "cold";
        asked.struckAt = timeline.now();
      }
    },
  };
}

function judge(
  { seen, askedAt, words, struck, struckAt }: Open,
  endedAt: number,
  isUnwatched: boolean,
): Answered {
  const context = contextOf(tokensOf({ kind: "text", text: words }));
  const form = checkOneEnd(seen) ?? checkGapless(seen);
  const wrong = form ?? checkTruth(seen, context);
  const violation = isUnwatched ? form : wrong;
  const { error, times } = seen;
  const withdrawn = form === undefined && wrong !== undefined && isTakenBack(seen, context);
  let gapMs = 0;
  for (let at = 1; at < times.length; at++) {
    if (struck !== undefined && times[at]! > struckAt) gapMs = Math.max(gapMs, times[at]! - times[at - 1]!);
  }
  const explicit = seen.text === "" ? "refused" : "failed";
  const end = error !== undefined ? explicit : wrong !== undefined ? "silent" : "succeeded";
  const why = error && `${error.code}: ${error.message.split(". ")[0]}`;
  return { askedAt, endedAt, end, why, violation, withdrawn, struck, gapMs };
}

function isTakenBack({ text, error }: Seen, context: number): boolean {
  if (error?.code !== takenBack) return false;
  const stands = text.split(" ").slice(0, standingIn(error.message)).join(" ");
  return checkTruth({ text: stands }, context) === undefined;
}
