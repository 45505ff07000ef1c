/** The names with the fewest edits to the one written, closest first: what it was probably meant to be. */
export function nearest(written: string, known: Iterable<string>, count = 1): string[] {
  const plain = written.slice(0, comparedMax).toLowerCase();
  return [...known]
    .map((name) => ({ name, edits: edits(plain, name.slice(0, comparedMax).toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, count)
    .map(({ name }) => name);
}

/** Characters compared: a caller must not buy minutes of arithmetic with one long name. */
const comparedMax = 64;

/** Levenshtein distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
