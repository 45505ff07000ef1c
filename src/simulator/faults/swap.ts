import type { Fault } from "./fault.ts";

/** It serves another model under this one's name, as executor and as witness. */
export const swap: Fault = (_, { traits }) => {
  traits.otherModel = true;
};
