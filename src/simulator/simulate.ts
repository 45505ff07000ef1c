import type { HoldfastOptions } from "../protocol/holdfast-options.ts";
import { limits } from "../protocol/limits.ts";
import { type Answered, type Audience, createAudience } from "./audience.ts";
import { createChance } from "./chance.ts";
import { checkAttempts, checkHedges } from "./checkers/limits.ts";
import { checkSeats } from "./checkers/seats.ts";
import { faults } from "./faults/catalogue.ts";
import { heal } from "./faults/heal.ts";
import { aliveAfter, aliveAt, recoveryOf, type Spread, spreadOf, type Tally, tally } from "./figures.ts";
import type { NetworkFaults } from "./link.ts";
import type { Scenario, Stage, Terms } from "./scenario.ts";
import { scenarios } from "./scenarios/catalogue.ts";
import { createWorld, type World } from "./world.ts";

export interface Simulation extends Terms {
  readonly seed: number;
  readonly scenario: string;
  readonly requests: number;
  /** Requests a second, as a share of what the nodes left can carry. */
  readonly load: number;
  /** Jobs each node runs at once. */
  readonly slots: number;
  /** Longest answer. */
  readonly tokens: number;
  readonly holdMs: number;
  readonly witnesses: number;
  readonly network: NetworkFaults;
  /** Requests asked after everything is healed; all must succeed. */
  readonly calm: number;
}

export interface SimulationResult extends Tally {
  /** Under way at the first strike; and alive in the ten seconds after it, those included. */
  readonly inFlight: Tally;
  readonly after: Tally;
  readonly calm: Tally;
  /** Largest time between two deliveries of an answer whose speaker was struck while a witness was left; or none was. */
  readonly gapMs: Spread;
  readonly coldGapMs: Spread;
  readonly recoveryMs: number | undefined;
  /** Explicit errors by their code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly attemptsMost: number;
  readonly simulatedMs: number;
  readonly events: number;
  /** Two runs with the same digest went the same way, event by event. */
  readonly digest: string;
  /** What checkers found wrong; empty is good. */
  readonly violations: readonly string[];
}

/** Told now and then how far it is; returns true to stop. */
export type Watch = (progress: { answered: number; requests: number; world: World }) => boolean;

/**
 * One seeded run. Phase one, safety: requests come while the scenario strikes; none may fail silently. Phase two,
 * progress: everything is healed, and every request made then must succeed. At the end nobody may hold anything.
 */
export async function simulate(terms: Simulation, watch: Watch = () => false): Promise<SimulationResult> {
  const chance = createChance(terms.seed);
  const scenario = scenarios[terms.scenario]!;
  const { holdMs, witnesses, network, slots, nodes, gateways } = terms;
  const defaults: HoldfastOptions = { finality: "stream", witnesses, holdMs };
  const world = await createWorld(chance, {
    ...{ nodes, gateways, slots, defaults, cheats: 0, faults: { ...network } },
    ...scenario.world?.(terms, chance.child("world")),
  });
  const { timeline } = world;
  const audience = createAudience(world, chance.child("audience"), terms);

  const perSecond = Math.min(rateOf(terms), (1000 * terms.requests) / (scenario.lastsMs ?? 0));
  const from = timeline.now();
  const until = from + (1000 * terms.requests) / perSecond;
  const marked = play(world, audience, scenario, { terms, from, until, chance: chance.child("plan") });
  await ask(world, audience, terms.requests, perSecond, (answered) =>
    watch({ answered, requests: terms.requests, world }),
  );
  const storm = [...audience.answered];
  const unanswered = audience.underWay();

  calm(world, scenario, network);
  await timeline.run(timeline.now() + (scenario.healMsMax ?? 0) + settleMs, () => false);
  const opened = world.network.attempts.total();
  await ask(world, audience, terms.calm, Math.min(rateOf(terms), terms.calm), () => false);
  const after = audience.answered.slice(storm.length);
  const hedges = world.network.attempts.total() - opened;
  await timeline.run(timeline.now() + leaveMs, () => false);

  const providers = Math.min(1 + witnesses, nodes);
  const violations = [
    ...[...storm, ...after].flatMap(({ end, violation }) =>
      violation === undefined ? [] : [`${end}: ${violation}`],
    ),
    ...(unanswered > 0 ? [`${unanswered} requests have no end`] : []),
    ...after.filter(({ end }) => end !== "succeeded").map(({ code }) => `no progress after healing: ${code}`),
    ...[checkAttempts(world.network.attempts), checkHedges(hedges, terms.calm, providers)],
    ...checkSeats(world),
  ].filter((found) => found !== undefined);
  return { ...resultOf(world, audience, storm, marked()), calm: tally(after), violations };
}

/** Time for what is under way to settle after healing, and for everybody to let go at the end, ms. */
const settleMs = 1_000;
const leaveMs = 12_000;

/** Requests a second that the nodes left can carry at this load: each holds its seats for about its answer's length. */
function rateOf({ nodes, slots, share, load, tokens, witnesses }: Simulation): number {
  const seats = nodes * (1 - share) * slots;
  const secondsOfAnswer = (tokens * stepMsMean + 150) / 1000;
  return (load * seats) / ((1 + witnesses) * secondsOfAnswer);
}

const stepMsMean = 22;

async function ask(
  world: World,
  audience: Audience,
  count: number,
  perSecond: number,
  stop: (answered: number) => boolean,
): Promise<void> {
  const { timeline } = world;
  let over = count === 0;
  if (count > 0)
    audience.ask(count, perSecond, () => {
      over = true;
    });
  const until = timeline.now() + (1000 * count) / perSecond + limits.deadlineMsDefault + 10_000;
  let looks = 0;
  await timeline.run(until, () => {
    looks += 1;
    return over || (looks % 65_536 === 0 && stop(audience.answered.length));
  });
}

/** Lets the scenario plan; returns when it first struck. */
function play(
  world: World,
  audience: Audience,
  scenario: Scenario,
  given: Pick<Stage, "terms" | "from" | "until" | "chance">,
): () => number | undefined {
  let marked: number | undefined;
  scenario.plan({
    ...{ world, ...given },
    strike(nodes, fault) {
      audience.struck(new Set(nodes));
      for (const node of nodes) faults[fault]!(world, node);
    },
    heal(nodes) {
      for (const node of nodes) heal(world, node);
    },
    mark() {
      marked ??= world.timeline.now();
    },
  });
  return () => marked;
}

function calm(world: World, scenario: Scenario, network: NetworkFaults): void {
  scenario.calm?.(world);
  Object.assign(world.network.faults, { refusal: 0, loss: 0, delayMsMean: network.delayMsMean });
  Object.assign(world.marketplace.faults, { loss: 0, duplication: 0 });
  for (const node of world.nodes) heal(world, node);
}

function resultOf(
  { timeline, network }: World,
  audience: Audience,
  storm: readonly Answered[],
  marked: number | undefined,
) {
  const gaps = (kind: "warm" | "cold") =>
    spreadOf(
      storm.filter(({ struck, end }) => struck === kind && end === "succeeded").map(({ gapMs }) => gapMs),
    );
  const errors: Record<string, number> = {};
  for (const { code } of storm) if (code !== undefined) errors[code] = (errors[code] ?? 0) + 1;
  return {
    ...tally(storm),
    inFlight: tally(marked === undefined ? [] : aliveAt(storm, marked)),
    after: tally(marked === undefined ? [] : aliveAfter(storm, marked)),
    ...{ gapMs: gaps("warm"), coldGapMs: gaps("cold") },
    recoveryMs: marked === undefined ? undefined : recoveryOf(audience, marked),
    errors,
    attemptsMost: network.attempts.mostOfOneJob(),
    simulatedMs: Math.round(timeline.now()),
    events: timeline.events(),
    digest: timeline.digest().toString(16).padStart(8, "0"),
  };
}
