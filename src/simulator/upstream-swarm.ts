import type { Seen } from "./application.ts";
import { type Chance, createChance, drawSome } from "./chance.ts";
import { checkGapless } from "./checkers/gapless.ts";
import { checkHedges } from "./checkers/hedges.ts";
import { checkOneEnd } from "./checkers/one-end.ts";
import { createTimeline } from "./timeline.ts";
import {
  createUpstreamGateway,
  type SimulatedUpstreamGateway,
  type UpstreamTraits,
} from "./upstream-gateway.ts";
import { type Ailment, calmServer, type SimulatedServer } from "./upstreams.ts";

/** What came of one seed over plain upstreams; no violations is good. */
export interface UpstreamRun {
  /** Of those requests that one upstream's word was enough for. */
  readonly asked: number;
  readonly succeeded: number;
  readonly violations: readonly string[];
}

interface Answered {
  readonly seen: Seen;
  /** Several were to agree on it. */
  readonly agreed: boolean;
}

/**
 * One seeded bad day of a gateway over plain servers: while requests come, drawn ones of these fail and are mended, one
 * after the other or several at once, at least one being well at any time. None of the answers may fail silently. Then all
 * are well, and every answer must succeed, with few hedges.
 */
export async function simulateUpstreams(seed: number): Promise<UpstreamRun> {
  const chance = createChance(seed).child("upstreams");
  const timeline = createTimeline();
  const gateway = createUpstreamGateway(timeline, chance.child("gateway"), drawTraits(chance));
  const answered: Answered[] = [];
  let asked = 0;

  function ask(): void {
    asked += 1;
    const request = drawRequest(gateway.servers.length, chance);
    const agreed = "holdfast" in request;
    // Only kept beside the answer when it has ended, which a refusal does before `ask` returns.
    const ended = () => timeline.at(timeline.now(), () => answered.push({ seen: asking.seen, agreed }));
    const asking = gateway.ask(request, { key: `client ${chance.below(3)}`, ended });
    if (chance.hits(0.03)) timeline.at(timeline.now() + chance.exponential(1_000), () => hangUp(asking));
  }

  /** An application that leaves has no answer to judge. */
  function hangUp({ seen, hangUp }: ReturnType<SimulatedUpstreamGateway["ask"]>): void {
    if (seen.ends > 0) return;
    asked -= 1;
    hangUp();
  }

  const perSecond = 2 + chance.below(8);
  for (let at = 0; at < stormMs; at += chance.exponential(1000 / perSecond)) timeline.at(at, ask);
  for (let at = chance.exponential(4_000); at < stormMs; at += chance.exponential(4_000))
    timeline.at(at, () => strike(gateway.servers, chance));
  await timeline.run(stormMs + endsMs, () => timeline.now() > stormMs && answered.length === asked);
  const storm = [...answered];

  for (const server of gateway.servers) server.heal();
  await timeline.run(timeline.now() + settleMs, () => false);
  const [from, hedges] = [timeline.now(), gateway.hedges()];
  for (let at = from; at < from + calmMs; at += chance.exponential(1_000)) timeline.at(at, ask);
  await timeline.run(
    from + calmMs + endsMs,
    () => timeline.now() > from + calmMs && answered.length === asked,
  );
  const calm = answered.slice(storm.length);

  const alone = answered.filter(({ agreed }) => !agreed);
  return {
    ...{ asked: alone.length, succeeded: alone.filter(isWell).length },
    violations: [
      ...answered.map(({ seen }) => checkOneEnd(seen) ?? checkGapless(seen) ?? checkWhole(seen)),
      ...calm.filter((one) => !isWell(one)).map(({ seen }) => `no progress after healing: ${reasonOf(seen)}`),
      ...[asked === answered.length ? undefined : `${asked - answered.length} requests have no end`],
      ...[checkHedges(gateway.hedges() - hedges + calm.length, calm.length, 1)],
      ...gateway.servers.map((server) =>
        server.working() === 0 ? undefined : `${server.url} still works on ${server.working()}`,
      ),
    ].filter((each) => each !== undefined),
  };
}

const stormMs = 30_000;
const calmMs = 10_000;
/** Quarantines are over after this. */
const settleMs = 60_000;
/** Every request has its end within its deadline, and a little. */
const endsMs = 620_000;
const tokens = 40;

function drawTraits(chance: Chance): UpstreamTraits[] {
  const prefilling = chance.next();
  const odd = chance.hits(0.5) ? { probability: 0.01, ms: 150 } : { probability: 0, ms: 0 };
  return Array.from({ length: 2 + chance.below(6) }, () => ({
    ...calmServer,
    prefills: chance.hits(prefilling),
    tokenMs: 15 + chance.below(40),
    hiccup: odd,
  }));
}

/** One in four is to be agreed on by several, as many as there are at most. */
function drawRequest(servers: number, chance: Chance): Record<string, unknown> {
  const witnesses = chance.hits(0.25) ? 1 + chance.below(Math.min(2, servers - 1)) : 0;
  const holdfast = witnesses === 0 ? {} : { holdfast: { witnesses } };
  return { temperature: 0, max_tokens: tokens, ...holdfast };
}

/** Some fail now, each in its own way, and are mended after a while of their own. */
function strike(servers: readonly SimulatedServer[], chance: Chance): void {
  for (const server of servers) server.heal();
  const victims = drawSome(servers, 1 + chance.below(servers.length - 1), chance);
  for (const server of victims) {
    const [way] = drawSome(ways, 1, chance);
    if (way === "hang") server.hang(true);
    else if (way === "kill") server.kill();
    else server.ail(way!);
  }
}

const ways: ReadonlyArray<"hang" | "kill" | Ailment> = ["hang", "kill", "500", "cut", "short", "slow"];

function isWell({ seen }: Answered): boolean {
  return seen.error === undefined && seen.done;
}

/** Whoever calls it an end has said all. */
function checkWhole({ text, error }: Seen): string | undefined {
  const said = text.split(" ").filter(Boolean).length;
  return error !== undefined || said === tokens ? undefined : `an end after ${said} of ${tokens} words`;
}

function reasonOf({ error }: Seen): string {
  return `${error?.code}: ${error?.message.split(". ")[0]}`;
}
