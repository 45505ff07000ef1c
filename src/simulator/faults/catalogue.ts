import { broken } from "./broken.ts";
import { clog } from "./clog.ts";
import { collude } from "./collude.ts";
import { cut } from "./cut.ts";
import { deaf } from "./deaf.ts";
import type { Fault } from "./fault.ts";
import { full } from "./full.ts";
import { garbage } from "./garbage.ts";
import { hang } from "./hang.ts";
import { kill } from "./kill.ts";
import { lazy } from "./lazy.ts";
import { lie } from "./lie.ts";
import { mute } from "./mute.ts";
import { netdown } from "./netdown.ts";
import { reset } from "./reset.ts";
import { rumour } from "./rumour.ts";
import { slow } from "./slow.ts";
import { stall } from "./stall.ts";
import { swap } from "./swap.ts";

/** Every fault of a node by the name it has on the command line; the first ten are those of chaos on real processes. */
export const faults: Readonly<Record<string, Fault>> = {
  ...{ kill, hang, stall, reset, cut, slow, "500": broken, garbage, lie, netdown },
  ...{ clog, deaf, mute, rumour, lazy, swap, collude, full },
};
