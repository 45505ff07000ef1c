import { networkRange } from "./network-range.ts";

/** What an operator states of a node. */
export interface StatedDomain {
  readonly operator: string;
  readonly region: string;
  readonly build: string;
  readonly hardware: string;
}

/** The parts of a failure domain, comparable one by one: what is stated, and the network ranges it answers from. */
export function failureDomain(stated: StatedDomain, endpoints: readonly string[]): string[] {
  const ranges = new Set(
    endpoints.map((endpoint) => `network ${networkRange(endpoint.replace(/:\d+$/, ""), site)}`),
  );
  const { operator, region, build, hardware } = stated;
  return [`operator ${operator}`, `region ${region}`, `build ${build}`, `hardware ${hardware}`, ...ranges];
}

/** An IPv4 /16, an IPv6 /48: what one site is usually given. */
const site = { v4: 2, v6: 3 };
