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

/** Holds the attempt twice, and hands in both envelopes. */
export const twice: TalkCheat = (honest) => (ports, channel) => {
  const silent = { ...channel, send: () => {}, close: () => {} };
  const first = honest(ports, channel);
  const second = honest(ports, {
    ...silent,
    send: (word) => (word.t === "committed" ? channel.send(word) : undefined),
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
