/** Whose fault an error is; decides the exit code of a command and whether a peer is held responsible. */
export type Fault = "user" | "environment" | "peer" | "holdfast";

export interface HoldfastErrorOptions {
  /** Stable, readable, kebab-case. Others script against it. */
  readonly code: string;
  readonly fault: Fault;
  /** Can the same call succeed later, unchanged? */
  readonly retryable?: boolean;
  /** One sentence: what to do now. */
  readonly remedy?: string;
  /** The facts of this failure, printed one a line. Never a prompt, never a secret. */
  readonly facts?: Readonly<Record<string, string | number>>;
  readonly cause?: unknown;
}

/** The one base of everything Holdfast throws: what, with which facts, whose fault, what to do. */
export class HoldfastError extends Error {
  readonly code: string;
  readonly fault: Fault;
  readonly retryable: boolean;
  readonly remedy: string | undefined;
  readonly facts: Readonly<Record<string, string | number>>;

  constructor(message: string, options: HoldfastErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "HoldfastError";
    this.code = options.code;
    this.fault = options.fault;
    this.retryable = options.retryable ?? false;
    this.remedy = options.remedy;
    this.facts = options.facts ?? {};
  }

  /** For a terminal: the message, the facts, the remedy. */
  explain(): string {
    const lines = [this.message];
    for (const [name, value] of Object.entries(this.facts)) lines.push(`  ${name}: ${value}`);
    if (this.remedy !== undefined) lines.push(`  → ${this.remedy}`);
    return lines.join("\n");
  }
}

/** What kind of thing was thrown, and nothing of what it says: messages of the unexpected may quote a prompt. */
export function kindOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/** Exit codes of the command line, by fault. 0 is success. */
export const exitCode: Readonly<Record<Fault, number>> = { user: 2, environment: 3, peer: 4, holdfast: 1 };
