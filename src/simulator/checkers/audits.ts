import type { World } from "../world.ts";

/**
 * Everybody is well, and epochs have drawn every unwatched answer: none is left that nobody audited. But for those whose
 * executor's disk was full when it sealed: they stay due, and who cannot open is known by that.
 */
export function checkAudits({ gateways, nodes }: World): string[] {
  const sealed = new Set(nodes.flatMap(({ disk }) => disk.receipts("sealed").jobs()));
  return gateways.flatMap(({ name, disk }) => {
    const left = disk
      .receipts("unwatched")
      .jobs()
      .filter((job) => sealed.has(job));
    return left.length === 0 ? [] : [`${left.length} unwatched answers of ${name} were never audited`];
  });
}
