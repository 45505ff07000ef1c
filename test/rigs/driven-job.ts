import type { JobId, PeerId, SessionKey } from "../../src/domain/ids.ts";
import type { Chunk } from "../../src/domain/inference/chunk.ts";
import type { JobEffect } from "../../src/domain/inference/effect.ts";
import type { JobEvent } from "../../src/domain/inference/event.ts";
import { begin, type JobOptions, step } from "../../src/domain/inference/job.ts";
import { paceUnknown } from "../../src/domain/inference/pace.ts";
import type { Policy } from "../../src/domain/inference/spec.ts";
import type { Attempt, JobState, Prospect } from "../../src/domain/inference/state.ts";

/** One job, driven by hand: providers by name, in the order in which routing would ask them. */
export interface DrivenJob {
  state(): JobState;
  /** Every effect of one kind so far. */
  of<Kind extends JobEffect["kind"]>(kind: Kind): Extract<JobEffect, { kind: Kind }>[];
  outcomesOf(peer: string): string[];
  /** Its attempt under way. */
  partOf(peer: string): Attempt | undefined;
  /** Whoever was told to speak last, if it still takes part. */
  speaker(): string | undefined;
  happen(event: JobEvent): void;
  /** Time passes by the job's own wakes. */
  wait(ms: number): void;
  /** It has tokenised the prompt, and read it. */
  warm(peer: string, promptTokens?: number): void;
  say(peer: string, tokens: number, end?: Chunk["end"]): void;
  /** It accepts all there is. */
  judge(...peers: string[]): void;
  /** It finds fault with this chunk of what there is, and with nothing before it. */
  reject(peer: string, chunk: number): void;
  lose(peer: string): void;
}

export interface DrivenOptions extends Partial<Pick<JobOptions, "tokensDefault" | "contextTokens">> {
  readonly policy?: Partial<Policy>;
  readonly tokensMax?: number;
}

/** Names that begin with "stranger" have no stake. */
export function driveJob(names: readonly string[], options: DrivenOptions = {}): DrivenJob {
  const effects: JobEffect[] = [];
  const prospects = names.map(prospectOf);
  let now = 0;
  let state: JobState;

  function take(done: { state: JobState; effects: readonly JobEffect[] }): void {
    state = done.state;
    effects.push(...done.effects);
    for (const effect of done.effects) {
      if (effect.kind !== "seek") continue;
      happen({
        kind: "prospects",
        prospects: prospects.filter(({ peer }) => !effect.without.includes(peer)),
      });
    }
  }

  function happen(event: JobEvent): void {
    take(step(state, event, now, true));
  }

  const partOf = (peer: string) => state.attempts.find((attempt) => attempt.peer === peer);
  const idOf = (peer: string) => partOf(peer)?.id ?? -1;
  const branchOf = (peer: string) => partOf(peer)?.drops.length ?? 0;
  const end = () => state.held.reduce((sum, { chunk }) => sum + chunk.ids.length, 0);
  const of: DrivenJob["of"] = (kind) =>
    effects.filter((effect): effect is Extract<JobEffect, { kind: typeof kind }> => effect.kind === kind);
  const lastOf = <Kind extends JobEffect["kind"]>(kind: Kind) =>
    effects.findLast((effect): effect is Extract<JobEffect, { kind: Kind }> => effect.kind === kind);

  take(begin(optionsOf(prospects, options), now));
  return {
    ...{ state: () => state, of, partOf, happen },
    outcomesOf: (peer) => of("outcome").flatMap((effect) => (effect.peer === peer ? [effect.outcome] : [])),
    speaker: () => state.attempts.find(({ id }) => id === lastOf("speak")?.attempt)?.peer,
    wait(ms) {
      const until = now + ms;
      for (let turn = 0; turn < 1_000 && !state.ended; turn++) {
        const wake = lastOf("wake")?.at ?? Number.POSITIVE_INFINITY;
        if (wake > until) break;
        now = Math.max(now, wake);
        happen({ kind: "tick" });
      }
      now = Math.max(now, until);
    },
    warm(peer, promptTokens = 6) {
      happen({ kind: "ready", attempt: idOf(peer), promptTokens, promptDigest: "00".repeat(32) });
      happen({ kind: "read", attempt: idOf(peer) });
    },
    say(peer, tokens, ending) {
      const start = end();
      const ids = Array.from({ length: tokens }, (_, index) => start + index);
      const said = { start, ids, text: "a".repeat(tokens), signature: "" };
      const chunk = ending === undefined ? said : { ...said, end: ending };
      happen({ kind: "chunk", attempt: idOf(peer), branch: branchOf(peer), chunk, authentic: true });
    },
    judge(...peers) {
      for (const peer of peers)
        happen({ kind: "judged", attempt: idOf(peer), branch: branchOf(peer), through: end() });
    },
    reject(peer, chunk) {
      const { start, ids } = state.held[chunk]!.chunk;
      const [attempt, branch, through] = [idOf(peer), branchOf(peer), start + ids.length];
      happen({ kind: "rejected", attempt, branch, start, through });
    },
    lose: (peer) => happen({ kind: "lost", attempt: idOf(peer), cause: "broken" }),
  };
}

function prospectOf(name: string): Prospect {
  return {
    ...{ peer: name as PeerId, sessionKey: "00" as SessionKey, operator: name, past: paceUnknown },
    ...{ witness: true, resume: true, rested: true, bonded: !name.startsWith("stranger") },
  };
}

function optionsOf(prospects: readonly Prospect[], options: DrivenOptions): JobOptions {
  const { policy, tokensMax, tokensDefault = 512, contextTokens = 2048 } = options;
  const prompt = { kind: "text", text: "once upon a time" } as const;
  return {
    spec: { job: "ab".repeat(32) as JobId, prompt, tokensMax },
    policy: {
      ...{ finality: "stream", witnesses: 2, holdMs: 250, deadlineMs: 600_000, attemptsMax: 5 },
      ...policy,
    },
    ...{ tokensDefault, contextTokens, prospects, staked: prospects.some(({ bonded }) => !bonded) },
  };
}
