import type { SimulatedNode } from "../node.ts";
import type { World } from "../world.ts";

/** One way in which a node fails. It lasts until `heal`. */
export type Fault = (world: World, node: SimulatedNode) => void;
