import type { JobId } from "../../domain/ids.ts";
import type { DrawnCommittee } from "../../domain/verification/committee.ts";
import type { Clock, Store } from "../../ports.ts";

/** Which set this node will open against, for each committee that was drawn for one answer. */
export interface Closings {
  /** The set's digest. */
  at(committee: DrawnCommittee): string | undefined;
  put(committee: DrawnCommittee, set: string): void;
}

/** For as long as somebody asks for the answer itself. */
export function createClosings(): Closings {
  const kept = new Map<number, string>();
  return { at: ({ epoch }) => kept.get(epoch), put: ({ epoch }, set) => void kept.set(epoch, set) };
}

/** For answers of long ago, in each epoch: on disk when `put` returns, so that a node that was started anew knows them too. */
export interface KeptClosings {
  /** `until`: when nobody can ask again, Unix ms. */
  of(job: JobId, until: number): Closings;
}

const prefix = "closed/";

export function createKeptClosings({
  store,
  clock,
}: {
  store: Store;
  clock: Pick<Clock, "wall">;
}): KeptClosings {
  for (const [key, value] of store.entries(prefix))
    if (Number(value.split(" ")[1]) < clock.wall()) store.delete(key);
  return {
    of: (job, until) => ({
      at: ({ epoch }) => store.get(`${prefix}${job}/${epoch}`)?.split(" ")[0],
      put: ({ epoch }, set) => store.put(`${prefix}${job}/${epoch}`, `${set} ${until}`),
    }),
  };
}
