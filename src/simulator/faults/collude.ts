import type { Fault } from "./fault.ts";

/** It lies as all who collude do, and as witness finds their lies right. */
export const collude: Fault = (_, { traits }) => {
  Object.assign(traits, { lies: true, colludes: true });
};
