import type { PeerId } from "../ids.ts";
import type { Hex32 } from "./committee.ts";

/**
 * Agreement where equality is what honest nodes can be held to: the same model, the same inputs and the same numeric
 * profile give the same bits. Nothing has to be tolerated, so nothing has to be calibrated.
 */
export interface Replica {
  readonly peer: PeerId;
  /** Providers of one operator have one voice. */
  readonly operator: string;
  /** Whoever computes with another one may answer otherwise and be right. */
  readonly profile: string;
  /** Nothing is lost when it lies, and others of the model have something to lose. */
  readonly stranger: boolean;
  /** Digest of what it answered. */
  readonly output: Hex32;
}

export interface Agreement {
  readonly output: Hex32;
  readonly by: readonly PeerId[];
  /** Said something else with the same arithmetic: they are wrong, if the others are right. */
  readonly against: readonly PeerId[];
}

/** Voices that decide among so many: more than half. */
export function quorumOf(replicas: number): number {
  return Math.floor(replicas / 2) + 1;
}

/** What `quorum` voices agree on, if no other answer with the same arithmetic has as many. */
export function agreementOf(replicas: readonly Replica[], quorum: number): Agreement | undefined {
  const sides = sidesOf(replicas).toSorted((a, b) => voicesOf(b) - voicesOf(a));
  const [first] = sides;
  const voices = first === undefined ? 0 : voicesOf(first);
  const leader = first?.[0];
  if (leader === undefined || voices < quorum) return undefined;
  const against = replicas.filter(
    ({ profile, output }) => profile === leader.profile && output !== leader.output,
  );
  if (sidesOf(against).some((side) => voicesOf(side) >= voices)) return undefined;
  return { output: leader.output, by: first!.map(peerOf), against: against.map(peerOf) };
}

/** Have two answered differently with the same arithmetic? Then at least one of them lies. */
export function isDisputed(replicas: readonly Replica[]): boolean {
  const sides = sidesOf(replicas);
  return new Set(sides.map(([first]) => first?.profile)).size < sides.length;
}

/** More voices that the strongest side needs. */
export function voicesLacking(replicas: readonly Replica[], quorum: number): number {
  return Math.max(0, quorum - Math.max(0, ...sidesOf(replicas).map(voicesOf)));
}

/**
 * Those that can be compared with one another first: of the profile of which most are there, up to as many as are
 * `wanted`, and of equals that of the best. Strangers do not count: any number of them costs nothing. Their order stays.
 */
export function comparableFirst<Item extends Pick<Replica, "profile" | "stranger">>(
  items: readonly Item[],
  wanted: number,
): Item[] {
  const counts = new Map<string, number>();
  for (const { profile, stranger } of items) {
    if (!stranger) counts.set(profile, Math.min(wanted, (counts.get(profile) ?? 0) + 1));
  }
  const most = Math.max(0, ...counts.values());
  const chosen = [...counts].find(([, count]) => count === most)?.[0];
  const isChosen = ({ profile }: Item) => profile === chosen;
  return [...items.filter(isChosen), ...items.filter((item) => !isChosen(item))];
}

function sidesOf(replicas: readonly Replica[]): Replica[][] {
  return [...Map.groupBy(replicas, ({ profile, output }) => `${output} ${profile}`).values()];
}

function voicesOf(side: readonly Replica[]): number {
  return new Set(side.filter(({ stranger }) => !stranger).map(({ operator }) => operator)).size;
}

function peerOf({ peer }: Replica): PeerId {
  return peer;
}
