import type { Address } from "../ids.ts";
import type { Ruling } from "./ruling.ts";

/** Two members of one set who cannot both be right. */
export interface Contradiction {
  readonly accused: Address;
  readonly accuser: Address;
}

/**
 * Who in a ruling contradicts whom: the executor and the first witness against it; else two witnesses whose fingerprints
 * are far apart, the one accused that is far from all who agree. Undefined where nobody contradicts anybody.
 */
export function contradictionIn({ members, pairs, outliers }: Ruling): Contradiction | undefined {
  const [executor, ...witnesses] = members;
  const against = witnesses.find(({ stands }) => stands === "against");
  if (executor === undefined) return undefined;
  if (against !== undefined && executor.complaint === undefined)
    return { accused: executor.node, accuser: against.node };
  const apart = pairs.find(({ outcome }) => outcome === "invalid");
  if (apart === undefined) return undefined;
  const { one, other } = apart;
  return outliers.includes(other) ? { accused: other, accuser: one } : { accused: one, accuser: other };
}
