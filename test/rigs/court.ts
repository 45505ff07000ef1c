import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { createSession, verify } from "../../src/adapters/keys/session.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { systemRandom as random } from "../../src/adapters/system/random.ts";
import type { Address, JobId, ModelId, PeerId } from "../../src/domain/ids.ts";
import { transcriptNext, transcriptStart } from "../../src/domain/inference/transcript.ts";
import { answerIdOf } from "../../src/domain/verification/answer-id.ts";
import type { Receipt } from "../../src/domain/verification/receipt.ts";
import type { Beacons, Channel, Clock, Dialer, TokenEngine } from "../../src/ports.ts";
import type { Order, Word } from "../../src/protocol/attempt.ts";
import type { Offer } from "../../src/protocol/offer.ts";
import { type Audited, type AuditPorts, audit } from "../../src/roles/auditor/audit.ts";
import { createKeptClosings } from "../../src/roles/provider/closings.ts";
import { type ConversationPorts, converse } from "../../src/roles/provider/conversation.ts";
import { createNotes } from "../../src/roles/provider/notes.ts";
import { openTokenVoice } from "../../src/roles/provider/token-voice.ts";
import { createSimulatedEngine, type EngineTraits } from "../../src/simulator/engine.ts";
import { committee, market, rulingRules, secret } from "./committee.ts";
import { createDisk } from "./disk.ts";

/** Real providers' conversations over simulated engines and a chain in memory: all that audits and disputes need. */

export const model = `sha256:${"0d".repeat(32)}` as ModelId;
export const plain = "simulated cpu-plain kv=f16 fa=off";

export interface CourtNode {
  readonly offer: Offer;
  readonly ports: Omit<ConversationPorts, "openVoice">;
  /** It is not reached any more. */
  leave(): void;
}

export interface Court {
  readonly nodes: readonly CourtNode[];
  readonly ports: AuditPorts;
  readonly beacons: Beacons;
  /** Has a node answer alone, its fingerprint sealed; the receipt is as a gateway keeps it. */
  answeredBy(node: CourtNode): Promise<Receipt>;
}

/** What is different about one node. */
export interface CourtTraits extends Partial<Pick<EngineTraits, "noise" | "otherModel">> {
  readonly profile?: string;
  /** What it signs, nobody's key signed. */
  readonly forges?: boolean;
  /** Its offer names the session key of the node with this index, which comes before it. */
  readonly keyOf?: number;
  /** Block from which on it has something at stake. */
  readonly since?: number;
}

/** `wall`: what all clocks say, Unix ms; block n came at 1000 n. */
export function createCourt(traits: readonly CourtTraits[], wall = () => 1): Court {
  const clock: Clock = { ...systemClock, wall };
  const nodes: CourtNode[] = [];
  const gone = new Set<PeerId>();
  const talks = new Map<PeerId, (channel: Channel<Word>) => ReturnType<typeof converse>>();
  const beacons = createChain((block) =>
    nodes.filter((_, at) => (traits[at]?.since ?? 0) <= block).map(({ offer }) => offer.address),
  );
  for (const [index, one] of traits.entries()) {
    const node = createNode(index, one, { beacons, clock }, () => gone.add(nodes[index]!.offer.peer));
    const stolen = one.keyOf === undefined ? {} : { sessionKey: nodes[one.keyOf]!.offer.sessionKey };
    nodes.push({ ...node.node, offer: { ...node.node.offer, ...stolen } });
    talks.set(node.node.offer.peer, node.talk);
  }
  const dialer: Dialer = {
    open(offer, handlers) {
      const talk = talks.get(offer.peer);
      if (talk === undefined || gone.has(offer.peer)) {
        queueMicrotask(() => handlers.closed({ code: "unreachable", detail: "gone" }));
        return { send: () => {}, close: () => {} };
      }
      let open = true;
      const there = talk({
        send: (word) => queueMicrotask(() => open && handlers.message(word)),
        close: () => queueMicrotask(() => open && handlers.closed({ code: "closed", detail: "" })),
      });
      return {
        send: (order) => queueMicrotask(() => there.message(order)),
        close() {
          open = false;
          there.closed({ code: "closed", detail: "" });
        },
      };
    },
    close: async () => {},
  };
  const offers = () => nodes.map(({ offer }) => offer).filter(({ peer }) => !gone.has(peer));
  const ports: AuditPorts = {
    ...{ dialer, beacons, clock, log: silent },
    rules: { ...rulingRules, verify },
    market: { offers, signedOf: () => undefined },
  };
  return { nodes, ports, beacons, answeredBy: (node) => answerOf(dialer, node) };
}

/** As `audit`, where what it could not be held for is of no interest. */
export async function auditOf(...asked: Parameters<typeof audit>): Promise<Audited | undefined> {
  const found = await audit(...asked);
  return typeof found === "string" ? undefined : found;
}

/** Blocks come as they are asked for; everybody who has a stake has the same. */
function createChain(staked: (block: number) => readonly Address[]): Beacons {
  let head = 610;
  return {
    head: async () => head,
    async block(number) {
      head = Math.max(head, Math.min(number, head + 1));
      return number > head
        ? undefined
        : { hash: bytesToHex(sha256(utf8ToBytes(`block ${number}`))), at: 1000 * number };
    },
    weights: async (nodes, block) => ({
      stakes: nodes.map((node) => (staked(block).includes(node) ? 100n : 0n)),
      total: 100n * BigInt(staked(block).length),
    }),
  };
}

function createNode(
  index: number,
  { profile = plain, noise = 0.02, otherModel = false, forges = false }: CourtTraits,
  { beacons, clock }: { readonly beacons: Beacons; readonly clock: Clock },
  leave: () => void,
) {
  const session = createSession();
  const address = `0x${(index + 1).toString(16).padStart(40, "0")}` as Address;
  const shape = { id: model, slots: 4, contextTokens: 512 };
  const engineOf = (name: string, off: number): TokenEngine => ({
    ...createSimulatedEngine(
      clock,
      name,
      { stepMs: 0, judgeMsPerToken: 0, noise: off, otherModel, stalled: false },
      shape,
    ),
    profile,
  });
  const engine = engineOf(`node ${index}`, noise);
  // On the reference profile nobody's last bits differ.
  const reference = engineOf("reference", 0);
  const sealed = new Map<JobId, string>();
  let seq = 0;
  const ports: CourtNode["ports"] = {
    signer: forges ? { ...session, sign: () => Buffer.alloc(64).toString("base64") } : session,
    ...{ verify, clock, random, log: silent, beacons, node: address, market },
    sequence: { next: () => (seq += 1) },
    tolerances: rulingRules.tolerances,
    sealed: { put: (job, text) => void sealed.set(job, text), get: async (job) => sealed.get(job) },
    closings: createKeptClosings({ store: createDisk(), clock }),
    notes: createNotes(),
  };
  const talk = (channel: Channel<Word>) =>
    converse(
      {
        ...ports,
        openVoice: (open, signal) => openTokenVoice(ports, open.reference ? reference : engine, open, signal),
      },
      channel,
    );
  const terms = {
    id: model,
    name: "simulated",
    contextTokens: 512,
    witness: true,
    resume: true,
    priceIn: "0",
    priceOut: "0",
  };
  const offer: Offer = {
    ...{ v: 1, peer: `peer ${index}` as PeerId, address, seq: 1, issuedAt: 1, expiresAt: 60_000 },
    ...{
      sessionKey: session.sessionKey,
      certificate: "00".repeat(32),
      endpoints: [],
      multiaddrs: [],
      slots: 4,
    },
    models: [{ ...terms, profile }],
    domain: { operator: "", region: "", build: "", hardware: "" },
  };
  return { node: { offer, ports, leave }, talk };
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const spec = {
  ...{ job: "0a".repeat(32) as JobId, model, tokensMax: 48 },
  prompt: { kind: "text", text: "once upon a time there was a node" },
  sampling: { temperature: 0.7, topP: 1, seed: "5d".repeat(32) },
} as const;

/** As run-job asks an executor that nobody watches, and keeps what comes. */
async function answerOf(dialer: Dialer, { offer }: CourtNode): Promise<Receipt> {
  const words = await new Promise<Word[]>((resolve, reject) => {
    const heard: Word[] = [];
    const channel = dialer.open(offer, {
      message(word) {
        heard.push(word);
        if (word.t === "refused") reject(new Error(word.message));
        if (word.t === "chunk" && word.chunk.end !== undefined) resolve(heard);
      },
      closed: ({ detail }) => reject(new Error(detail)),
    });
    const limits = { tokensDefault: 48, contextTokens: 512, holdMs: 250, deadlineMs: 60_000 };
    channel.send({ t: "open", ...spec, ...limits, seal: true } as Order);
    channel.send({ t: "speak", from: 0 });
  });
  const said = words.filter((word) => word.t === "chunk");
  const promptDigest = words.find((word) => word.t === "ready")?.promptDigest ?? "";
  let digest = transcriptStart(spec.job, promptDigest);
  for (const { chunk } of said) digest = transcriptNext(digest, chunk);
  const tokens = said.flatMap(({ chunk }) => chunk.ids).length;
  const answer = answerIdOf(spec, { promptDigest, transcript: bytesToHex(digest), tokens });
  const { address, sessionKey, models } = offer;
  const executor = { node: address, sessionKey, profile: models[0]!.profile };
  const commit = { node: address, ...said.at(-1)!.commit! };
  const set = { answer, committee, executor, witnesses: [], commits: [commit] };
  const chunks = said.map(({ chunk }) => ({ chunk, speaker: sessionKey }));
  const { prompt, sampling, tokensMax } = spec;
  const asked = { model, prompt, sampling, tokensMax, promptDigest };
  return { v: 1, market, ...asked, chunks, proof: { set, secret, openings: [] }, offers: [] };
}
