import type { Fault } from "./fault.ts";

/** Alive, and twenty times slower than it was. */
export const slow: Fault = (_, { traits }) => {
  traits.slowBy = 20;
};
