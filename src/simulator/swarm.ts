import { limits } from "../protocol/limits.ts";
import { createChance } from "./chance.ts";
import { starvedAttemptsEach } from "./checkers/starved.ts";
import { faults } from "./faults/catalogue.ts";
import { scenarios } from "./scenarios/catalogue.ts";
import type { Simulation } from "./simulate.ts";

/** The seed draws the options too (swarm testing): each is another network on another bad day. */
export function drawSimulation(seed: number): Simulation {
  const draw = createChance(seed).child("options");
  const pick = <Item>(items: readonly Item[]): Item => items[draw.below(items.length)]!;
  const small = draw.hits(0.7);
  const nodes = 3 + draw.below(small ? 10 : 98);
  const requests = 6 + draw.below(small ? 20 : 60);
  const scenario = pick(Object.keys(scenarios).filter((name) => !onTheChain.includes(name)));
  return {
    ...{ seed, nodes, requests, scenario },
    fault: pick(Object.keys(faults).filter((name) => !notDrawn.includes(name))),
    correlated: pick(["none", "none", "region", "operator", "build"] as const),
    share: pick([0.1, 0.3, 0.5]),
    gateways: 1 + draw.below(3),
    load: pick([0.05, 0.2, 0.5]),
    slots: 2 + draw.below(8),
    tokens: 16 + draw.below(48),
    holdMs: pick([100, limits.holdMsDefault, 1_000]),
    witnesses: pick([1, 2, 2, 3]),
    network: {
      delayMsMean: 1 + draw.below(20),
      refusal: draw.hits(0.3) ? 0.05 : 0,
      loss: draw.hits(0.3) ? 0.02 : 0,
    },
    // In some, long enough to see that whoever failed is asked again: quarantines have ended by then.
    ...(small && draw.hits(0.3)
      ? { calm: starvedAttemptsEach * nodes, calmMs: 2 * limits.quarantine.most }
      : { calm: 3 + draw.below(4), calmMs: 0 }),
  };
}

/**
 * A node that lies is only harmless where nothing leaves unjudged: the scenario `cheats` sees to that. A full disk shows
 * where something has to be on it.
 */
const notDrawn = ["lie", "lazy", "swap", "collude", "full"];

/** Those in which a block draws somebody. They have seeds of their own, so that every other means what it always did. */
const onTheChain = ["drawn", "audits"];

/** As `drawSimulation`, where blocks draw committees and auditors; few enough at once for what a chain can settle. */
export function drawOnChain(seed: number): Simulation {
  const draw = createChance(seed).child("on-chain");
  const terms = drawSimulation(seed);
  return {
    ...terms,
    nodes: Math.max(4, Math.min(terms.nodes, 24)),
    requests: Math.min(terms.requests, 24),
    scenario: onTheChain[draw.below(onTheChain.length)]!,
    fault: draw.hits(0.2) ? "full" : terms.fault,
    // Few enough that those who are drawn are busy at times.
    slots: 1 + draw.below(4),
    ...{ calm: 3, calmMs: 0 },
  };
}
