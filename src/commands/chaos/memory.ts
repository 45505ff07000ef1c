import { readFileSync } from "node:fs";

/** How a process's memory went, MB (10^6 bytes). */
export interface Growth {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** By least squares, MB an hour, and its 95 % interval. */
  readonly perHour: number;
  readonly interval: readonly [low: number, high: number];
  /** The same of the earlier and of the later half: what fills up grows less and less, and a leak does not. */
  readonly halves: readonly [earlier: number, later: number];
}

/** Resident memory of some processes, looked at again and again. */
export interface MemoryWatch {
  sample(): void;
  growth(): Growth[];
}

type Sample = readonly [atMs: number, mb: number];

export function watchMemory(
  processes: ReadonlyArray<{ readonly name: string; readonly pid: number }>,
): MemoryWatch {
  const samples = processes.map(({ name, pid }) => ({ name, pid, seen: [] as Sample[] }));
  return {
    sample() {
      const at = performance.now();
      for (const { pid, seen } of samples) {
        const mb = residentMb(pid);
        if (mb !== undefined) seen.push([at, mb]);
      }
    },
    growth: () => samples.flatMap(({ name, seen }) => growthOf(name, seen) ?? []),
  };
}

/** The beginning, in which every process fills its caches, and pieces that the rest is averaged over. */
const warmShare = 0.2;
const piecesMost = 30;

/**
 * The slope through the means of equal pieces of time: collections of garbage make neighbouring samples alike, and
 * taking each for a witness of its own would make the interval narrower than it is. Undefined with too few samples.
 */
export function growthOf(name: string, seen: readonly Sample[]): Growth | undefined {
  const settled = seen.slice(Math.floor(seen.length * warmShare));
  const pieces = Math.min(piecesMost, Math.floor(settled.length / 2));
  if (pieces < 3) return undefined;
  const means = Array.from({ length: pieces }, (_, index) => {
    const part = settled.slice(
      Math.floor((index * settled.length) / pieces),
      Math.floor(((index + 1) * settled.length) / pieces),
    );
    return [mean(part.map(([at]) => at)) / hourMs, mean(part.map(([, mb]) => mb))] as const;
  });
  const { slope: perHour, half } = lineThrough(means);
  const [first, last] = [means[0]![1], means.at(-1)![1]];
  const middle = pieces >> 1;
  const halves = [means.slice(0, middle + 1), means.slice(middle)].map((part) => lineThrough(part).slope);
  return {
    ...{ name, first, last, perHour, interval: [perHour - half, perHour + half] },
    halves: halves as [number, number],
  };
}

/** By least squares; `half`: of the slope's 95 % interval. */
function lineThrough(points: readonly Sample[]): { readonly slope: number; readonly half: number } {
  const x = mean(points.map(([at]) => at));
  const y = mean(points.map(([, mb]) => mb));
  const spread = sum(points.map(([at]) => (at - x) ** 2));
  const slope = sum(points.map(([at, mb]) => (at - x) * (mb - y))) / spread;
  const rest = sum(points.map(([at, mb]) => (mb - y - slope * (at - x)) ** 2));
  return { slope, half: 2 * Math.sqrt(rest / Math.max(1, points.length - 2) / spread) };
}

const hourMs = 3_600_000;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;

/** Of a process that is gone, or where there is no /proc, nothing (proc_pid_statm(5), in pages). */
export function residentMb(pid: number): number | undefined {
  try {
    return (Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * pageBytes) / 1e6;
  } catch {
    return undefined;
  }
}

/** What statm counts in on x86 and most ARM machines. */
const pageBytes = 4096;
