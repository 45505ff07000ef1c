import type { Fault } from "./fault.ts";

/** As executor it says what the model would not; as witness it judges honestly. */
export const lie: Fault = (_, { traits }) => {
  traits.lies = true;
};
