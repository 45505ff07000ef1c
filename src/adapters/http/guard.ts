import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { Refusal } from "../../protocol/openai.ts";

/**
 * Keeps web pages away from a gateway that serves its own machine. A page can make a browser post to 127.0.0.1, and
 * with a DNS name that turns into 127.0.0.1 (rebinding) it could read the answers too: so the Host must be this
 * machine's, and so must the page's Origin. No CORS header is ever sent.
 */
export function foreignCaller(
  headers: IncomingHttpHeaders,
  hostsAllowed: readonly string[],
): Refusal | undefined {
  const local = (host: string | undefined) =>
    host !== undefined && (isLocalHost(host) || hostsAllowed.includes(host));
  const { host, origin } = headers;
  // Nearly every request: no page, and one of the names that need no parsing.
  if (origin === undefined && host !== undefined && plainlyLocal.test(host)) return undefined;
  if (!local(hostName(`http://${host ?? ""}`))) {
    return refusal(
      `Host ${quoted(host)} is not this machine. If it is meant, start the gateway with --hosts-allowed and its name.`,
    );
  }
  if (origin !== undefined && !local(hostName(origin))) {
    return refusal(`A page from ${quoted(origin)} may not use this gateway.`);
  }
  return undefined;
}

const plainlyLocal = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/** Is the address one that only this machine can reach? */
export function isLocalHost(host: string): boolean {
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  const address = host.replace(/^\[(.*)\]$/, "$1");
  return address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}

function hostName(url: string): string | undefined {
  return URL.parse(url)?.hostname || undefined;
}

function quoted(value: string | undefined): string {
  return value === undefined ? "(none)" : JSON.stringify(value.slice(0, 200));
}

function refusal(message: string): Refusal {
  return { status: 403, type: "invalid_request_error", message, param: null, code: "foreign_caller" };
}
