/** Exact two-sided 95 % interval of a share (Clopper and Pearson 1934): nothing is assumed but independent trials. */
export function clopperPearson(successes: number, trials: number): [low: number, high: number] {
  if (trials === 0) return [0, 1];
  const alpha = 0.05 / 2;
  const low = successes === 0 ? 0 : solve((share) => 1 - atMost(successes - 1, trials, share) - alpha);
  const high = successes === trials ? 1 : solve((share) => alpha - atMost(successes, trials, share));
  return [low, high];
}

/** Where a function that rises through zero between 0 and 1 does so. */
function solve(rising: (share: number) => number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Chance of at most so many successes. Summed in logarithms: factors of thousands of trials leave the numbers. */
function atMost(successes: number, trials: number, share: number): number {
  if (share <= 0) return 1;
  if (share >= 1) return successes >= trials ? 1 : 0;
  let logTerm = trials * Math.log1p(-share);
  let sum = Math.exp(logTerm);
  for (let count = 1; count <= successes; count += 1) {
    logTerm += Math.log((trials - count + 1) / count) + Math.log(share) - Math.log1p(-share);
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}
