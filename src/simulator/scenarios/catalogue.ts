import type { Scenario } from "../scenario.ts";
import { audits } from "./audits.ts";
import { blackout } from "./blackout.ts";
import { chain } from "./chain.ts";
import { cheats } from "./cheats.ts";
import { churn } from "./churn.ts";
import { clocks } from "./clocks.ts";
import { drawn } from "./drawn.ts";
import { partition } from "./partition.ts";
import { region } from "./region.ts";
import { restart } from "./restart.ts";
import { storm } from "./storm.ts";

/** Every scenario by the name it has on the command line. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  ...{ blackout, storm, churn, region, partition, cheats, clocks, chain, restart, drawn, audits },
};
