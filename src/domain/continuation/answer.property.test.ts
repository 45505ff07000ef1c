import fc from "fast-check";
import { expect, test } from "vitest";
import { type Answer, type AnswerEffect, type AnswerEvent, newAnswer, step } from "./answer.ts";
import { type Plan, planFor } from "./plan.ts";

/**
 * Servers that share one true answer, or tell another, say it in pieces of any size and die at any point, while
 * silences, deadlines and hang-ups fall anywhere between. The test keeps its own books of what was delivered.
 */
const truth = "The quick brown fox jumps over the lazy dog, twice a day and three times on Sundays.";
const lie = "The quick brown fox sleeps all day long and nobody in the house knows why that is so.";

interface Server {
  readonly plan: Plan;
  readonly text: string;
  at: number;
}

class World {
  state: Answer = newAnswer({ attemptsMax: 5, attemptsTotalMax: 12, atOnceMax: 3, reliefsMax: 2 });
  delivered = "";
  ends: string[] = [];
  readonly running = new Map<number, Server>();
  #next = 0;
  #piece = "";
  readonly #deterministic: boolean;
  readonly #honest: () => boolean;

  constructor(deterministic: boolean, honest: () => boolean) {
    this.#deterministic = deterministic;
    this.#honest = honest;
  }

  feed(event: AnswerEvent, piece = ""): void {
    this.#piece = piece;
    const { state, effects } = step(this.state, event);
    this.state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: AnswerEffect): void {
    expect(this.ends, "nothing follows the end").toEqual([]);
    switch (effect.t) {
      case "recruit":
        return this.#recruit();
      case "cancel":
        expect(this.running.delete(effect.attempt)).toBe(true);
        return;
      case "deliver": {
        const text = this.#piece.slice(effect.from);
        const server = this.running.get(effect.attempt)!;
        this.delivered += text;
        // Whoever speaks has itself said (or was given) everything the application holds, and no more.
        const told = server.plan.prefix + server.text.slice(0, server.at);
        expect([told, server.text.slice(0, server.at)]).toContain(this.delivered);
        return;
      }
      default:
        this.ends.push(effect.t);
        if (effect.t === "finish") {
          const { plan, text } = this.running.get(effect.attempt)!;
          expect([plan.prefix + text, text]).toContain(this.delivered);
        }
    }
  }

  #recruit(): void {
    const plan = planFor(
      this.delivered,
      { deterministic: this.#deterministic, prefill: true, replay: true },
      this.#next % 3 !== 2,
    );
    if (plan === undefined) return this.feed({ t: "nobody" });
    const id = this.#next++;
    const whole = this.#honest() ? truth : lie;
    // A server that ignores the prefill starts again; one that takes it goes on from there, or from its own tale.
    const goesOn = this.#next % 4 !== 0;
    this.running.set(id, { plan, text: goesOn ? whole.slice(plan.prefix.length) : whole, at: 0 });
    this.feed({ t: "asked", attempt: id, plan });
  }
}

const action = fc.record({
  what: fc.constantFrom(
    "say",
    "say",
    "say",
    "say",
    "say",
    "say",
    "die",
    "silent",
    "slow",
    "refuse",
    "deadline",
    "hangup",
    "closing",
  ),
  who: fc.nat(2),
  chars: fc.integer({ min: 1, max: 20 }),
});

test("whatever happens, the application gets a gapless prefix of one answer and one end", () => {
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 120 }),
      fc.boolean(),
      fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
      fc.boolean(),
      (actions, deterministic, honesty, allHonest) => {
        let asked = 0;
        const world = new World(deterministic, () => allHonest || honesty[asked++ % honesty.length]!);
        world.feed({ t: "begin" });
        for (const { what, who, chars } of actions) {
          const [attempt, server] = [...world.running][who % Math.max(world.running.size, 1)] ?? [];
          if (what === "deadline" || what === "hangup" || what === "closing") {
            // These end the run, so let most runs go on for longer.
            if (chars === 1) world.feed({ t: what });
          } else if (attempt === undefined || server === undefined) {
            world.feed({ t: "heard", attempt: 99, text: "ghost", opaque: false }, "ghost");
          } else if (what === "say") {
            if (server.at === server.text.length) {
              world.feed({ t: "finished", attempt });
            } else {
              const text = server.text.slice(server.at, server.at + chars);
              server.at += text.length;
              world.feed({ t: "heard", attempt, text, opaque: false }, text);
            }
          } else if (what === "die") {
            world.running.delete(attempt);
            world.feed({ t: "lost", attempt });
          } else if (what === "refuse") {
            if (!world.state.begun && chars > 4) continue;
            world.running.delete(attempt);
            world.feed({ t: "refused", attempt, lacks: chars % 2 === 0 });
          } else {
            world.feed({ t: what, attempt });
          }
        }
        expect(world.ends.length).toBeLessThanOrEqual(1);
        expect(world.delivered).toBe(world.state.said);
        expect(world.state.over || world.running.size > 0, "somebody is always working on it").toBe(true);
        expect(world.running.size).toBeLessThanOrEqual(3);
        if (allHonest) expect(truth.startsWith(world.delivered)).toBe(true);
        if (allHonest && world.ends[0] === "finish") expect(world.delivered).toBe(truth);
      },
    ),
    { numRuns: 2000 },
  );
});

test("servers that refuse a way of going on use up no attempt, those that are lost do", () => {
  for (const [how, ends] of [
    [{ t: "refused", lacks: false }, []],
    [{ t: "refused", lacks: true }, []],
    [{ t: "lost" }, ["fail"]],
  ] as const) {
    const world = new World(true, () => true);
    world.feed({ t: "begin" });
    world.running.get(0)!.at = 9;
    world.feed({ t: "heard", attempt: 0, text: "The quick", opaque: false }, "The quick");
    world.running.delete(0);
    world.feed({ t: "lost", attempt: 0 });
    for (let attempt = 1; attempt <= 9 && world.running.delete(attempt); attempt++) {
      world.feed({ ...how, attempt });
    }
    expect(world.ends).toEqual(ends);
  }
});

test("a slow speaker is stopped for another who can go on, twice at most, and kept where there is none", () => {
  const world = new World(true, () => true);
  world.feed({ t: "begin" });
  const say = (attempt: number, text: string) => {
    world.running.get(attempt)!.at += text.length;
    world.feed({ t: "heard", attempt, text, opaque: false }, text);
  };
  say(0, "The quick brown fox");
  world.feed({ t: "slow", attempt: 0 });
  expect([...world.running.keys()]).toEqual([1]);
  // A successor without the floor is no slow speaker yet.
  world.feed({ t: "slow", attempt: 1 });
  expect([...world.running.keys()]).toEqual([1]);
  const alone = step(newAnswer({ attemptsMax: 5, attemptsTotalMax: 12, atOnceMax: 3, reliefsMax: 2 }), {
    t: "asked",
    attempt: 0,
    plan: planFor("", { deterministic: true, prefill: true, replay: true }, true)!,
  });
  const spoken = step(alone.state, { t: "heard", attempt: 0, text: "The", opaque: false });
  const nobody = step(step(spoken.state, { t: "slow", attempt: 0 }).state, { t: "nobody" });
  expect(nobody.state).toMatchObject({ over: false, speaker: 0, yielding: undefined });
});

test("after something opaque nobody else goes on", () => {
  const world = new World(true, () => true);
  world.feed({ t: "begin" });
  world.running.get(0)!.at = 9;
  world.feed({ t: "heard", attempt: 0, text: "The quick", opaque: true }, "The quick");
  world.feed({ t: "silent", attempt: 0 });
  expect(world.running.size).toBe(1);
  world.feed({ t: "lost", attempt: 0 });
  expect(world.ends).toEqual(["fail"]);
});

test("a client's own error is passed on before content, and is only an attempt after it", () => {
  const early = new World(true, () => true);
  early.feed({ t: "begin" });
  early.feed({ t: "refused", attempt: 0, lacks: false });
  expect(early.ends).toEqual(["relay"]);
  const hedged = new World(true, () => true);
  hedged.feed({ t: "begin" });
  hedged.feed({ t: "silent", attempt: 0 });
  hedged.running.delete(1);
  hedged.feed({ t: "refused", attempt: 1, lacks: false });
  expect(hedged.ends).toEqual([]);
  expect(hedged.state.running.map(({ id }) => id)).toEqual([0]);
});

test("that a model is not there is passed on only when all who could be asked say so", () => {
  const askedAll = (fate: (attempt: number) => AnswerEvent) => {
    const world = new World(true, () => true);
    world.feed({ t: "begin" });
    for (let attempt = 0; world.running.delete(attempt); attempt++) world.feed(fate(attempt));
    return world;
  };
  const none = askedAll((attempt) => ({ t: "refused", attempt, lacks: true }));
  expect(none).toMatchObject({ ends: ["relay"], state: { asked: 12 } });
  const one = askedAll((attempt) =>
    attempt === 3 ? { t: "lost", attempt } : { t: "refused", attempt, lacks: true },
  );
  expect(one.ends).toEqual(["fail"]);
});
