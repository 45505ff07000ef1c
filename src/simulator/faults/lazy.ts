import type { Fault } from "./fault.ts";

/** As witness it accepts whatever it is shown, without a look. */
export const lazy: Fault = (_, { traits }) => {
  traits.lazy = true;
};
