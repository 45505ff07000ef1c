import type { Word } from "../../src/protocol/attempt.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { converse } from "../../src/roles/provider/conversation.ts";

type Talk = typeof converse;

/** Another way to hold an attempt than the honest one, made out of the honest one. */
export type TalkCheat = (honest: Talk) => Talk;

/** What it says, bent; undefined is left unsaid. */
export function wordsBent(bend: (word: Word) => Word | undefined): TalkCheat {
  return (honest) => (ports, channel) =>
    honest(ports, {
      ...channel,
      send(word) {
        const said = bend(word);
        if (said !== undefined) channel.send(said);
      },
    });
}

/** Numbers all its statements alike. */
export const sameNumber: TalkCheat = (honest) => (ports, channel) =>
  honest({ ...ports, sequence: { next: () => 1 } }, channel);

/** Signs its statements for another chain, where they would cost it nothing. */
export const otherMarket: TalkCheat = (honest) => (ports, channel) =>
  honest({ ...ports, market: { ...ports.market, chainId: ports.market.chainId + 1 } }, channel);

/** The envelope that it opened first, of whatever job. */
let opened: Extract<Word, { t: "revealed" }>["opening"];

/** Opens the same envelope in every job. */
export const sameOpening: TalkCheat = wordsBent((word) => {
  if (word.t !== "revealed" || word.opening === undefined) return word;
  opened ??= word.opening;
  return { ...word, opening: opened };
});

/** Its envelope with a signature that is another's. */
export const forgedCommit: TalkCheat = wordsBent((word) =>
  word.t === "committed" && word.commit !== undefined
    ? { ...word, commit: { ...word.commit, signature: Buffer.alloc(64, 7).toString("base64") } }
    : word,
);

/** Says that it has nothing to commit to. */
export const emptyCommit: TalkCheat = wordsBent((word) =>
  word.t === "committed" ? { t: word.t, branch: word.branch } : word,
);

/** Opens with more leaves than any answer's opening holds. */
export const oversizeOpening: TalkCheat = wordsBent((word) =>
  word.t === "revealed" && word.opening !== undefined
    ? { ...word, opening: { ...word.opening, leaves: "A".repeat(4 * limits.openingBytesMax) } }
    : word,
);

/** Holds the attempt twice, and hands in both envelopes, the one right after the other. */
export const twice: TalkCheat = (honest) => (ports, channel) => {
  const envelopes: Word[] = [];
  const handIn = (word: Word) => {
    if (envelopes.push(word) === 2) for (const each of envelopes) channel.send(each);
  };
  const first = honest(ports, {
    ...channel,
    send: (word) => (word.t === "committed" ? handIn(word) : channel.send(word)),
  });
  const second = honest(ports, {
    close: () => {},
    send: (word) => (word.t === "committed" ? handIn(word) : undefined),
  });
  return {
    message(order) {
      first.message(order);
      second.message(order);
    },
    closed(cause) {
      first.closed(cause);
      second.closed(cause);
    },
  };
};
