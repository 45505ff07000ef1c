import type { JobId } from "../../domain/ids.ts";
import type { Closed, DrawnCommittee } from "../../domain/verification/committee.ts";
import type { Clock, Store } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";

/** Which sets this node may open against. */
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
      kept = { sets: [set], isBinding: true };
    },
    opened: () => {},
  };
}

/**
 * Of answers of long ago, in each epoch; on disk when these return, so that whoever confirmed a set can open against it
 * whatever becomes of the process. There may be several, so that an audit that was interrupted is held again and nobody
 * else's set displaces the auditor's; only one is ever opened.
 */
export interface KeptClosings {
  /** `until`: when nobody can ask again, Unix ms. */
  of(job: JobId, until: number): Closings;
}

const prefix = "opened/";
/** After sets of which none was opened. */
const closedOnly = "closed";

export function createKeptClosings({
  store,
  clock,
}: {
  store: Store;
  clock: Pick<Clock, "wall">;
}): KeptClosings {
  let puts = 0;
  prune();
  return {
    of(job, until) {
      const keyOf = ({ epoch }: DrawnCommittee) => `${prefix}${job}/${epoch}`;
      const at = (committee: DrawnCommittee): Closed | undefined => {
        const [sets, , state] = store.get(keyOf(committee))?.split(" ") ?? [];
        if (sets === undefined) return undefined;
        const each = sets.split(",");
        return { sets: each, isBinding: state !== closedOnly || each.length >= limits.setsClosedMax };
      };
      return {
        at,
        put(committee, set) {
          const { sets, isBinding } = at(committee) ?? { sets: [], isBinding: false };
          if (isBinding || sets.includes(set)) return;
          puts += 1;
          if (puts % limits.notesMax === 0) prune();
          store.put(keyOf(committee), `${[...sets, set].join()} ${until} ${closedOnly}`);
        },
        opened: (committee, set) => store.put(keyOf(committee), `${set} ${until}`),
      };
    },
  };

  function prune(): void {
    for (const [key, value] of store.entries(prefix))
      if (Number(value.split(" ")[1]) < clock.wall()) store.delete(key);
  }
}
