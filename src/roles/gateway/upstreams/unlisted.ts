import type { Log } from "../../../ports.ts";
import type { Member } from "./member.ts";

/**
 * One warning for each upstream whose list of models cannot be had. It is asked for answers all the same, since some
 * that serve well have no list; at the start the likeliest reason is an address with a mistake in it.
 */
export function warnOfUnlisted(log: Log, members: readonly Member[]): void {
  for (const { target, listFault } of members) {
    if (listFault === undefined) continue;
    // The application's key is not known yet, and without it such a server says no.
    if (target.forwardAuth && /^status 40[13]$/.test(listFault.reason)) continue;
    log.warn("upstream.unlisted", {
      upstream: target.name,
      url: shownUrl(target.url),
      reason: `/models: ${listFault.reason}`,
      remedy: remedyFor(target.url, listFault),
    });
  }
}

/** Without its query: whoever reads it may not hold the key that some servers take in an address. */
export function shownUrl(url: string): string {
  return url.replace(/\?.*$/s, "");
}

function remedyFor(url: string, { reason, away }: NonNullable<Member["listFault"]>): string {
  const { origin, pathname } = new URL(url);
  const endpoint = /\/(chat\/completions|completions|embeddings|models|responses)\/*$/.exec(pathname)?.[0];
  if (endpoint !== undefined)
    return `name the API's base, ${origin}${pathname.slice(0, -endpoint.length)}, without ${endpoint}`;
  if (away) return "see whether it runs, and at this address; it is asked again with every answer";
  if (/^status 40[13]$/.test(reason)) return "see whether its key is right (key=env:NAME)";
  if (!/\/v\d/.test(pathname)) return `see whether its API is under ${origin}${pathname}/v1`;
  return "see whether this is the base of its API; without a list it is asked for any model";
}
