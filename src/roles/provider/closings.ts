import type { JobId } from "../../domain/ids.ts";
import type { Closed, DrawnCommittee } from "../../domain/verification/committee.ts";
import type { Clock, Store } from "../../ports.ts";

/** Which set this node will open against. */
export interface Closings {
  at(committee: DrawnCommittee): Closed | undefined;
  put(committee: DrawnCommittee, set: string): void;
  /** It opens against this one now. */
  opened(committee: DrawnCommittee, set: string): void;
}

/** Of one answer, for as long as somebody asks for it: one set, whichever committee it is said to be of. */
export function createClosings(): Closings {
  let kept: Closed | undefined;
  return {
    at: () => kept,
    put: (_, set) => {
      kept = { set, isBinding: true };
    },
    opened: () => {},
  };
}

/**
 * Of answers of long ago, in each epoch; on disk when these return, so that whoever confirmed a set can open against it
 * whatever becomes of the process. What was only closed may give way to another set: an audit that was interrupted is
 * held again, and closing tells nobody anything.
 */
export interface KeptClosings {
  /** `until`: when nobody can ask again, Unix ms. */
  of(job: JobId, until: number): Closings;
}

const prefix = "opened/";
/** After a set that was not opened. */
const closedOnly = "closed";

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
    of(job, until) {
      const keyOf = ({ epoch }: DrawnCommittee) => `${prefix}${job}/${epoch}`;
      return {
        at(committee) {
          const [set, , state] = store.get(keyOf(committee))?.split(" ") ?? [];
          return set === undefined ? undefined : { set, isBinding: state !== closedOnly };
        },
        put: (committee, set) => store.put(keyOf(committee), `${set} ${until} ${closedOnly}`),
        opened: (committee, set) => store.put(keyOf(committee), `${set} ${until}`),
      };
    },
  };
}
