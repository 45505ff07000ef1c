import type { JobId } from "../../domain/ids.ts";
import type { Clock, Store } from "../../ports.ts";

/** Where an envelope was opened. */
export interface Place {
  readonly job: JobId;
  readonly epoch: number;
}

/** Against which set this node opened what it sealed, in each epoch: kept by a node that was started anew, too. */
export interface Openings {
  /** The set's digest. */
  at(place: Place): string | undefined;
  /** On disk when it returns. `until`: when nobody can ask again, Unix ms. */
  put(place: Place, set: string, until: number): void;
}

const prefix = "opened/";

export function createOpenings({ store, clock }: { store: Store; clock: Pick<Clock, "wall"> }): Openings {
  for (const [key, value] of store.entries(prefix))
    if (Number(value.split(" ")[1]) < clock.wall()) store.delete(key);
  return {
    at: (place) => store.get(keyOf(place))?.split(" ")[0],
    put: (place, set, until) => store.put(keyOf(place), `${set} ${until}`),
  };
}

function keyOf({ job, epoch }: Place): string {
  return `${prefix}${job}/${epoch}`;
}
