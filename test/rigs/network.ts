import { createListener, type Http2Listener } from "../../src/adapters/http2/listener.ts";
import { createSession, type Session } from "../../src/adapters/keys/session.ts";
import type { Address, JobId, ModelId, PeerId, SessionKey } from "../../src/domain/ids.ts";
import type { Channel, ChannelEnd, ChannelHandlers, Dialer } from "../../src/ports.ts";
import type { Order, Word } from "../../src/protocol/attempt.ts";
import type { Offer } from "../../src/protocol/offer.ts";
import { clock, createLogRig } from "./ports.ts";

export const model = `sha256:${"ab".repeat(32)}` as ModelId;

export const openOrder: Order = {
  t: "open",
  job: "01".repeat(32) as JobId,
  model,
  prompt: { kind: "chat", messages: [{ role: "user", content: "Guten Tag, 世界" }] },
  sampling: { temperature: 0, topP: 1, seed: "00".repeat(32) },
  tokensMax: 16,
  tokensDefault: 16,
  contextTokens: 2048,
  holdMs: 250,
  deadlineMs: 10_000,
};

export const readyWord: Word = { t: "ready", promptTokens: 3, promptDigest: "cd".repeat(32) };

export function chunkWord(start: number, text: string, end?: "stop"): Word {
  const chunk = { start, ids: [start], text, signature: "AAAA", ...(end === undefined ? {} : { end }) };
  return { t: "chunk", branch: 0, chunk };
}

/** An offer no one signed, for tests of what comes after the signature was checked. */
export function plainOffer(facts: Partial<Offer>): Offer {
  return {
    v: 1,
    peer: "16Uiu2HAmTestTestTestTestTestTestTestTestTestTestTest" as PeerId,
    address: `0x${"00".repeat(20)}` as Address,
    seq: 1,
    issuedAt: 0,
    expiresAt: 0,
    sessionKey: "00".repeat(32) as SessionKey,
    certificate: "00".repeat(32),
    endpoints: [],
    multiaddrs: [],
    models: [],
    slots: 1,
    domain: { operator: "", region: "", build: "", hardware: "" },
    ...facts,
  };
}

export interface ProviderRig {
  readonly session: Session;
  readonly listener: Http2Listener;
  /** What happened to the attempts it served, in order. */
  readonly ends: ChannelEnd[];
  readonly orders: Order[];
  readonly remotes: string[];
}

/** A provider's data plane whose behaviour is `serve`. By default: ready, then one chunk per `said`, then the end. */
export async function startProvider(
  serve: (order: Order, channel: Channel<Word>) => void = converse,
  host = "127.0.0.1",
): Promise<ProviderRig> {
  const session = createSession();
  const { key, certificate } = session.tls;
  const listener = await createListener({ clock, log: createLogRig() }, { key, certificate, host, port: 0 });
  const rig: ProviderRig = { session, listener, ends: [], orders: [], remotes: [] };
  listener.onAttempt((channel, remote) => {
    rig.remotes.push(remote);
    return {
      message(order) {
        rig.orders.push(order);
        serve(order, channel);
      },
      closed: (cause) => void rig.ends.push(cause),
    };
  });
  return rig;
}

export function converse(order: Order, channel: Channel<Word>): void {
  if (order.t === "open") channel.send(readyWord);
  if (order.t !== "speak") return;
  channel.send(chunkWord(order.from, "Hello"));
  channel.send(chunkWord(order.from + 1, " 世界", "stop"));
  channel.close();
}

export interface TalkRig {
  readonly channel: Channel<Order>;
  readonly words: Word[];
  readonly ended: Promise<ChannelEnd>;
  /** Resolves with the word that `matches`, or rejects when the attempt ended without it. */
  heard(matches: (word: Word) => boolean): Promise<Word>;
}

/** One attempt, seen by a gateway. */
export function talk(dialer: Dialer, offer: Offer): TalkRig {
  const words: Word[] = [];
  const waiting = new Set<() => void>();
  let end: ChannelEnd | undefined;
  let tellEnd = (_cause: ChannelEnd) => {};
  const ended = new Promise<ChannelEnd>((resolve) => {
    tellEnd = resolve;
  });
  const handlers: ChannelHandlers<Word> = {
    message(word) {
      words.push(word);
      for (const look of [...waiting]) look();
    },
    closed(cause) {
      if (end !== undefined) throw new Error("closed was called twice");
      end = cause;
      tellEnd(cause);
      for (const look of [...waiting]) look();
    },
  };
  const channel = dialer.open(offer, handlers);
  const heard = (matches: (word: Word) => boolean) =>
    new Promise<Word>((resolve, reject) => {
      const look = () => {
        const word = words.find(matches);
        if (word === undefined && end === undefined) return;
        waiting.delete(look);
        if (word === undefined) reject(new Error(`ended first: ${end?.code} ${end?.detail}`));
        else resolve(word);
      };
      waiting.add(look);
      look();
    });
  return { channel, words, ended, heard };
}

/** A whole attempt: open, ready, speak, chunks, the in-band end. */
export async function wholeAttempt(dialer: Dialer, offer: Offer): Promise<string> {
  const attempt = talk(dialer, offer);
  attempt.channel.send(openOrder);
  await attempt.heard((word) => word.t === "ready");
  attempt.channel.send({ t: "speak", from: 0 });
  await attempt.heard((word) => word.t === "chunk" && word.chunk.end === "stop");
  await attempt.ended;
  return attempt.words.map((word) => (word.t === "chunk" ? word.chunk.text : "")).join("");
}
