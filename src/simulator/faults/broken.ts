import type { Fault } from "./fault.ts";

/** Every call to its engine fails, as behind a server that answers 500. */
export const broken: Fault = (_, { traits }) => {
  traits.broken = true;
};
