/** What an operator states of a node. */
export interface StatedDomain {
  readonly operator: string;
  readonly region: string;
  readonly build: string;
  readonly hardware: string;
}

/** The parts of a failure domain, comparable one by one: what is stated, and the network ranges it answers from. */
export function failureDomain(stated: StatedDomain, endpoints: readonly string[]): string[] {
  const ranges = new Set(endpoints.map((endpoint) => `network ${networkRange(endpoint)}`));
  const { operator, region, build, hardware } = stated;
  return [`operator ${operator}`, `region ${region}`, `build ${build}`, `hardware ${hardware}`, ...ranges];
}

/** Of `host:port`: an IPv4 /16, an IPv6 /48 (what one site is usually given), or the name as it stands. */
function networkRange(endpoint: string): string {
  const host = endpoint.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  if (/^\d+(\.\d+){3}$/.test(host)) return host.split(".").slice(0, 2).join(".");
  return host.includes(":") ? host.split(":").slice(0, 3).join(":") : host;
}
