/** Who has attempts here, and how many: so that one machine cannot take every seat from the others. */
export interface Guests {
  /** Another attempt from this machine; undefined when it has its share and others want seats too. */
  arrive(machine: string): { leave(): void } | undefined;
}

export interface GuestOptions {
  readonly seats: number;
  /** Of the seats, for one machine among several. */
  readonly share: number;
  /** How long somebody who asked counts as wanting seats, ms. */
  readonly rememberedMs: number;
}

export function createGuests({ seats, share, rememberedMs }: GuestOptions, now: () => number): Guests {
  const guests = new Map<string, { held: number; askedAt: number }>();
  const most = Math.max(1, Math.floor(seats * share));

  return {
    arrive(machine) {
      for (const [name, { held, askedAt }] of guests) {
        if (held === 0 && now() - askedAt > rememberedMs) guests.delete(name);
      }
      const guest = guests.get(machine) ?? { held: 0, askedAt: 0 };
      guests.set(machine, guest);
      guest.askedAt = now();
      // Refused or not, whoever asked makes the others' share smaller: what they give up next is not theirs again.
      if (guests.size > 1 && guest.held >= most) return undefined;
      guest.held += 1;
      return {
        leave() {
          guest.held -= 1;
        },
      };
    },
  };
}
