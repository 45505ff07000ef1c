import type { Word } from "../../src/protocol/attempt.ts";
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
