import { existsSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * What a synthetic engine can be made to suffer from, for tests of the network around it.
 *
 *   stall    it stands still; the process, its sockets and its heartbeats go on
 *   slow     everything takes twenty times as long
 *   500      every call fails
 *   garbage  what it says is no token of any model
 *   lie      it speaks wrong tokens, and judges others honestly
 *   collude  it speaks the wrong tokens that all who suffer from it speak, and finds them right in others
 */
export const ailments = ["stall", "slow", "500", "garbage", "lie", "collude"] as const;
export type Ailment = (typeof ailments)[number];

const file = "synthetic-ailment";

/** Makes the engine of the node in this home folder ill, or well again. It notices within milliseconds. */
export function setAilment(home: string, ailment: Ailment | undefined): void {
  if (ailment === undefined) rmSync(join(home, file), { force: true });
  else writeFileSync(join(home, file), ailment);
}

export interface Condition {
  ailment(): Ailment | undefined;
  /** Resolves when it has changed. */
  changed(): Promise<void>;
  close(): void;
}

/** Follows what is written of the engine in this home folder. */
export function watchCondition(home: string): Condition {
  const path = join(home, file);
  let current = read(path);
  let waiting = Promise.withResolvers<void>();
  const watcher = watch(dirname(path), { persistent: false }, (_, changed) => {
    if (changed !== null && changed !== basename(path)) return;
    const next = read(path);
    if (next === current) return;
    current = next;
    waiting.resolve();
    waiting = Promise.withResolvers();
  });
  return { ailment: () => current, changed: () => waiting.promise, close: () => watcher.close() };
}

function read(path: string): Ailment | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8").trim();
  return ailments.find((ailment) => ailment === text);
}
