import type { HoldfastOptions } from "../protocol/holdfast-options.ts";
import { limits } from "../protocol/limits.ts";
import { type Answered, type Audience, createAudience, type Questions } from "./audience.ts";
import { createChance } from "./chance.ts";
import { checkAttempts } from "./checkers/attempts.ts";
import { checkHedges } from "./checkers/hedges.ts";
import { checkSeats } from "./checkers/seats.ts";
import { checkStarved, starvedAttemptsEach } from "./checkers/starved.ts";
import { faults } from "./faults/catalogue.ts";
import { heal } from "./faults/heal.ts";
import { aliveAfter, aliveAt, type Spread, spreadOf, type Tally, tally } from "./figures.ts";
import type { NetworkFaults } from "./link.ts";
import { recoveryOf } from "./recovery.ts";
import type { Scenario, Stage, Terms } from "./scenario.ts";
import { scenarios } from "./scenarios/catalogue.ts";
import { createWorld, type World, type WorldOptions } from "./world.ts";

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
  /** Requests asked after everything is healed, over at least this time, ms; all must succeed. */
  readonly calm: number;
  readonly calmMs: number;
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
  /** Explicit errors by their code and first sentence. */
  readonly errors: Readonly<Record<string, number>>;
  readonly attemptsMost: number;
  /** Of those that failed silently, where nobody watched: lies that audits found. */
  readonly convicted: number;
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
  const options: WorldOptions = {
    ...{ nodes, gateways, slots, defaults, cheats: 0, faults: { ...network } },
    ...scenario.world?.(terms),
  };
  const world = await createWorld(chance, options);
  const { timeline } = world;
  const audience = createAudience(world, chance.child("audience"), { ...scenario, tokens: terms.tokens });

  const perSecond = Math.min(rateOf(terms), (1000 * terms.requests) / (scenario.lastsMs ?? 0));
  const from = timeline.now();
  const until = from + (1000 * terms.requests) / perSecond;
  const stage = play(world, audience, scenario, { terms, from, until, chance: chance.child("plan") });
  await ask(world, audience, { count: terms.requests, perSecond, retries: 0 }, (answered) =>
    watch({ answered, requests: terms.requests, world }),
  );
  const storm = [...audience.answered];
  const figures = resultOf(world, audience, storm, stage.marked());
  const broken = storm.flatMap(({ end, violation }) =>
    violation === undefined ? [] : [`${end}: ${violation}`],
  );
  if (watch({ answered: storm.length, requests: terms.requests, world })) {
    return { ...figures, calm: tally([]), violations: broken };
  }
  if (audience.underWay.size > 0) broken.push(`${audience.underWay.size} requests have no end`);

  stage.end();
  calm(world, scenario, network);
  const healedBy = timeline.now() + (scenario.healMsMax ?? 0);
  await timeline.run(healedBy, () => scenario.healed?.(world) ?? false);
  await timeline.run(timeline.now() + settleMs, () => false);
  const before = new Set(world.gateways.flatMap(({ disk }) => [...disk.contents("receipts").keys()]));
  const { answers, found } = await progress(world, audience, { ...terms, ...options.defaults });
  found.push(...((await scenario.check?.(world, before)) ?? []));
  return { ...figures, ...spanOf(world), calm: tally(answers), violations: [...broken, ...found] };
}

/** Phase two: all is well again, so everything must succeed, few hedges are needed, and all is given back. */
async function progress(world: World, audience: Audience, terms: Simulation) {
  const { timeline, network } = world;
  const { attempts } = network;
  const [asked, opened, taken] = [audience.answered.length, attempts.total(), attempts.taken()];
  const before = new Map(world.nodes.map((node) => [node, attempts.of(node.peer)]));
  const perSecond = Math.min(rateOf(terms), terms.calm, (1000 * terms.calm) / terms.calmMs);
  await ask(world, audience, { count: terms.calm, perSecond, retries: retriesMax }, () => false);
  const answers = audience.answered.slice(asked);
  const tried = attempts.total() - opened;
  const atWork = attempts.taken() - taken;
  await timeline.run(timeline.now() + leaveMs, () => false);
  const found = [
    ...answers.flatMap(({ end, violation }) => (violation === undefined ? [] : [`${end}: ${violation}`])),
    ...answers.filter(({ end }) => end !== "succeeded").map(({ why }) => `no progress after healing: ${why}`),
    ...[checkAttempts(attempts, terms.tokens)],
    ...[checkHedges(atWork, terms.calm, Math.min(1 + terms.witnesses, terms.nodes))],
    ...(tried >= starvedAttemptsEach * terms.nodes ? checkStarved(world, before, terms.witnesses) : []),
    ...checkSeats(world),
  ].filter((each) => each !== undefined);
  return { answers, found };
}

/** Time for what is under way to settle after healing, and for everybody to let go at the end, ms. */
const settleMs = 1_000;
const leaveMs = 12_000;

/** Once all is well, whoever was told to come back a second later is answered after so many times at the latest. */
const retriesMax = 5;

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
  questions: Questions,
  stop: (answered: number) => boolean,
): Promise<void> {
  const { timeline } = world;
  const { count, perSecond } = questions;
  let over = count === 0;
  if (count > 0)
    audience.ask(questions, () => {
      over = true;
    });
  const until = timeline.now() + (1000 * count) / perSecond + limits.deadlineMsDefault + 10_000;
  let looks = 0;
  await timeline.run(until, () => {
    looks += 1;
    return over || (looks % 8_192 === 0 && stop(audience.answered.length));
  });
}

/** Lets the scenario plan what happens until `end`. `marked`: when it first struck. */
function play(
  world: World,
  audience: Audience,
  scenario: Scenario,
  given: Pick<Stage, "terms" | "from" | "until" | "chance">,
): { marked(): number | undefined; end(): void } {
  let marked: number | undefined;
  let over = false;
  scenario.plan({
    ...{ world, ...given },
    at: (time, act) => void world.timeline.at(time, () => over || act()),
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
  return {
    marked: () => marked,
    end() {
      over = true;
    },
  };
}

function calm(world: World, scenario: Scenario, network: NetworkFaults): void {
  scenario.calm?.(world);
  Object.assign(world.network.faults, { refusal: 0, loss: 0, delayMsMean: network.delayMsMean });
  Object.assign(world.marketplace.faults, { loss: 0, duplication: 0 });
  for (const node of world.nodes) heal(world, node);
}

function resultOf(world: World, audience: Audience, storm: readonly Answered[], marked: number | undefined) {
  const { network } = world;
  const gaps = (kind: "warm" | "cold") =>
    spreadOf(
      storm.filter(({ struck, end }) => struck === kind && end === "succeeded").map(({ gapMs }) => gapMs),
    );
  const errors: Record<string, number> = {};
  for (const { why } of storm) if (why !== undefined) errors[why] = (errors[why] ?? 0) + 1;
  return {
    ...tally(storm),
    inFlight: tally(marked === undefined ? [] : aliveAt(storm, marked)),
    after: tally(marked === undefined ? [] : aliveAfter(storm, marked)),
    ...{ gapMs: gaps("warm"), coldGapMs: gaps("cold") },
    // The load is one that those left can carry.
    recoveryMs: marked === undefined ? undefined : recoveryOf(audience.said, marked, 1),
    errors,
    attemptsMost: network.attempts.mostOfOneJob(),
    ...spanOf(world),
  };
}

function spanOf({ timeline, gateways }: World) {
  return {
    convicted: gateways.reduce((sum, { disk }) => sum + disk.contents("evidence").size, 0),
    simulatedMs: Math.round(timeline.now()),
    events: timeline.events(),
    digest: timeline.digest().toString(16).padStart(8, "0"),
  };
}
