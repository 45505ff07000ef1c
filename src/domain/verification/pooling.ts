/** How the vectors of a text's tokens become one: their mean, the first one's, or the last one's. */
export type Pooling = "mean" | "first" | "last";

/**
 * One vector of length 1 for a text. Sums are made in double precision and in one order, so that they come out the
 * same on every machine.
 */
export function pooled(rows: readonly Float32Array[], pooling: Pooling): Float32Array {
  const vector =
    pooling === "mean" ? sumOf(rows) : Float64Array.from(rows.at(pooling === "first" ? 0 : -1) ?? []);
  let square = 0;
  for (const value of vector) square += value * value;
  const length = Math.sqrt(square);
  return Float32Array.from(vector, (value) => (length === 0 ? value : value / length));
}

/** As good as the mean: the length is made 1 afterwards. */
function sumOf(rows: readonly Float32Array[]): Float64Array {
  const sum = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) {
    for (const [at, value] of row.entries()) sum[at]! += value;
  }
  return sum;
}
