/**
 * What several servers tell of one deterministic answer, and how much of it a quorum of them tells alike. Who differs
 * is not blamed: honest servers differ in their last bits too.
 */
export interface Agreement {
  /** Servers that must tell the same. */
  readonly quorum: number;
  /** Told alike by a quorum. It stands, whatever anybody tells later. */
  readonly agreed: string;
  readonly tellings: ReadonlyMap<number, Telling>;
}

interface Telling {
  /** How much of `agreed` it has told itself. */
  readonly at: number;
  /** What it told beyond that. */
  readonly beyond: string;
  /** It told something else than what was agreed, and counts no more. */
  readonly out: boolean;
}

export function newAgreement(quorum: number): Agreement {
  return { quorum, agreed: "", tellings: new Map() };
}

export function joined(state: Agreement, id: number): Agreement {
  return withTelling(state, id, { at: 0, beyond: "", out: false });
}

export function left(state: Agreement, id: number): Agreement {
  const tellings = new Map(state.tellings);
  tellings.delete(id);
  return { ...state, tellings };
}

/** Stands before what is told of an answer's end. */
const endMark = "\0";

/** One of them ends, in this way. Whoever ends agrees with nobody who goes on, or ends in another. */
export function ended(state: Agreement, id: number, how: string): Agreement {
  return told(state, id, endMark + how);
}

/** One of them tells more. What a quorum has now told alike is agreed, in the order in which that came about. */
export function told(state: Agreement, id: number, text: string): Agreement {
  const telling = state.tellings.get(id);
  if (telling === undefined || telling.out) return state;
  const beyond = telling.beyond + text;
  const next = withTelling(state, id, heldAgainst(state.agreed, { ...telling, beyond }));
  const more = alike(next);
  if (more === "") return next;
  const agreed = next.agreed + more;
  const tellings = new Map([...next.tellings].map(([each, one]) => [each, heldAgainst(agreed, one)]));
  return { ...next, agreed, tellings };
}

/** Did it tell all that was agreed, and nothing else? */
export function tellsExactly({ agreed, tellings }: Agreement, id: number): boolean {
  const telling = tellings.get(id);
  return telling !== undefined && !telling.out && telling.at === agreed.length && telling.beyond === "";
}

/** May these, by what they told so far, still come to agree, a quorum of them? */
export function mayAgree({ quorum, tellings }: Agreement, among: readonly number[]): boolean {
  const beyonds = among.flatMap((id) => {
    const telling = tellings.get(id);
    return telling === undefined || telling.out ? [] : [telling.beyond];
  });
  const fits = (a: string, b: string) => a.startsWith(b) || b.startsWith(a);
  return beyonds.some((one) => beyonds.filter((other) => fits(one, other)).length >= quorum);
}

function withTelling(state: Agreement, id: number, telling: Telling): Agreement {
  return { ...state, tellings: new Map(state.tellings).set(id, telling) };
}

/** Moves what it told beyond into what it told of `agreed`, as far as the two are the same. */
function heldAgainst(agreed: string, telling: Telling): Telling {
  const { at, beyond, out } = telling;
  if (out || at === agreed.length) return telling;
  const length = Math.min(beyond.length, agreed.length - at);
  if (!agreed.startsWith(beyond.slice(0, length), at)) return { at, beyond: "", out: true };
  return { at: at + length, beyond: beyond.slice(length), out };
}

/** The longest text beyond what was agreed that a quorum tells alike. */
function alike({ quorum, agreed, tellings }: Agreement): string {
  const beyonds = [...tellings.values()]
    .filter(({ at, out }) => !out && at === agreed.length)
    .map(({ beyond }) => beyond);
  let best = "";
  for (const one of beyonds) {
    const shared = beyonds.map((other) => sharedLength(one, other)).sort((a, b) => b - a);
    const length = shared[quorum - 1] ?? 0;
    if (length > best.length) best = one.slice(0, length);
  }
  return best;
}

function sharedLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length += 1;
  // An end is agreed on whole or not at all.
  const end = a.lastIndexOf(endMark, length - 1);
  if (length > 0 && end !== -1 && a !== b) return Math.min(length, end);
  // Half a character would be agreed on when two end in different ones.
  return length > 0 && length < most && isHighSurrogate(a, length - 1) ? length - 1 : length;
}

function isHighSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xd800 && code <= 0xdbff;
}
