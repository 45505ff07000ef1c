import { readUnwatched } from "../../protocol/unwatched.ts";
import type { World } from "../world.ts";

/**
 * Everybody is well: of the answers that an epoch drew none is left that no audit settled, also where the first one was
 * interrupted. But for those whose executor could not write down what it sealed: who cannot open is known by that.
 */
export function checkAudits({ gateways, nodes }: World): string[] {
  const sealed = new Set(nodes.flatMap(({ disk }) => [...disk.contents("sealed").keys()]));
  return gateways.flatMap(({ name, disk }) => {
    const left = [...disk.contents("unwatched")].filter(([job, text]) => {
      const kept = readUnwatched(text);
      const wasDrawn = kept?.due !== undefined || kept?.held !== undefined || kept?.from !== undefined;
      return sealed.has(job) && (kept === undefined || wasDrawn);
    });
    return left.length === 0
      ? []
      : [`${left.length} unwatched answers of ${name} were drawn and not settled`];
  });
}
