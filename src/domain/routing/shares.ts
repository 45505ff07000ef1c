import type { Client } from "./fair-line.ts";

/** What every client has of the seats, over all lines: who waits in one for what it has too much of in another waits. */
export interface Shares {
  of(key: string): Share;
  /** Another number when anything has changed. */
  version(): number;
  waits(client: Client): void;
  begins(client: Client): void;
  /** It no longer waits, or no longer runs. */
  ends(client: Client, was: "waiting" | "running"): void;
}

/** What an account, or a user, has of the seats: how many, and when it last got one, counted in turns. */
export interface Share {
  readonly running: number;
  readonly turn: number;
}

/** Of a client that neither waits nor runs nothing is kept: whoever comes under ever new names fills no memory. */
export function createShares(): Shares {
  const shares = new Map<string, Share & { readonly waiting: number }>();
  let turn = 0;
  let version = 0;

  function change(client: Client, by: { waiting?: number; running?: number; turn?: number }): void {
    version += 1;
    for (const key of keysOf(client)) {
      const before = shares.get(key) ?? newcomer;
      const after = {
        waiting: before.waiting + (by.waiting ?? 0),
        running: before.running + (by.running ?? 0),
        turn: by.turn ?? before.turn,
      };
      if (after.waiting + after.running > 0) shares.set(key, after);
      else shares.delete(key);
    }
  }

  return {
    of: (key) => shares.get(key) ?? newcomer,
    version: () => version,
    waits: (client) => change(client, { waiting: 1 }),
    begins(client) {
      turn += 1;
      change(client, { waiting: -1, running: 1, turn });
    },
    ends: (client, was) => change(client, { [was]: -1 }),
  };
}

const newcomer = { waiting: 0, running: 0, turn: 0 };

/** What a client is known by at each level at which turns are shared out. */
export function keysOf({ account, user }: Client): readonly [string, string] {
  return [account, `${account}\n${user}`];
}
