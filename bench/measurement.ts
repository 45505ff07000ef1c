/** One thing the bench measures; each has a file of its own in `measure/`. */
export interface Measurement {
  readonly name: string;
  /** How the figures come about, in a sentence or two; printed beside them. */
  readonly method: string;
  run(settings: Settings): Promise<Outcome>;
}

export interface Settings {
  /** A minute or so in all, to see that everything works; not to be quoted. */
  readonly quick: boolean;
  /** Decides prompts, seeds of answers and moments of strikes. */
  readonly seed: number;
  /** Strikes per fault. */
  readonly kills: number;
  /** Go on from what an interrupted run left. */
  readonly resume: boolean;
  /** Progress, on standard error. */
  readonly say: (line: string) => void;
}

export interface Outcome {
  readonly figures: readonly Figure[];
  /** What the figures were made of, so that others can make other figures of it. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "ms" | "s" | "tokens/s" | "ratio" | "%" | "MB" | "count";
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
}

export function isMet({ value, target }: Figure): boolean | undefined {
  if (target === undefined || Number.isNaN(value)) return undefined;
  return "atMost" in target ? value <= target.atMost : value >= target.atLeast;
}
