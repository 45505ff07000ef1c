/** One thread's worth of any processor: no GPU, no flash attention, nothing kept in less than 16 bits. */
const plainProcessor = /\scpu-\S+ kv=f16 fa=off$/;

/**
 * The profile that a dispute is computed on: of those on which machines agree to the last bit, the one that most of the
 * nodes drawn have; the first in the alphabet of equals. Undefined where nobody has any.
 */
export function referenceAmong(profiles: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const profile of profiles)
    if (plainProcessor.test(profile)) counts.set(profile, (counts.get(profile) ?? 0) + 1);
  const [first] = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return first?.[0];
}
