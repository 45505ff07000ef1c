import { expect, test } from "vitest";
import type { Address, ModelId, PeerId, SessionKey } from "../../../domain/ids.ts";
import type { Offer } from "../../../protocol/offer.ts";
import { createChance } from "../../../simulator/chance.ts";
import { createRoster, type NetworkRoster, type Wanted } from "./roster.ts";

const model = `sha256:${"ab".repeat(32)}` as ModelId;

function offerOf(name: string): Offer {
  const [place = ""] = name;
  const listed = {
    id: model,
    name: "small",
    contextTokens: 2048,
    witness: true,
    resume: true,
    profile: "cpu",
  };
  return {
    ...{ v: 1, peer: name as PeerId, address: `0x${name}` as Address, sessionKey: name as SessionKey },
    ...{
      seq: 1,
      issuedAt: 0,
      expiresAt: 60_000,
      certificate: "00".repeat(32),
      endpoints: [],
      multiaddrs: [],
    },
    ...{ models: [{ ...listed, priceIn: "0", priceOut: "0" }], slots: 8 },
    domain: { operator: place, region: place, build: "same", hardware: "same" },
  };
}

/** Everybody has a stake and is well. */
function rosterOf(names: readonly string[], seed: number): { roster: NetworkRoster; wanted: Wanted } {
  const chance = createChance(seed);
  const roster = createRoster(
    {
      market: {
        publish: async () => {},
        onOffer: (listener) => names.map(offerOf).forEach(listener),
        onGone: () => {},
        signedOf: () => undefined,
      },
      chain: { stakeOf: () => 1n, isRegistered: () => false, freshAt: () => 0 },
      clock: { now: () => 0, wall: () => 0, after: () => () => {} },
      random: { bytes: (length) => Uint8Array.from({ length }, () => chance.below(256)) },
    },
    () => {},
  );
  return { roster, wanted: { model: roster.modelOf(model)!, witnesses: 2, marks: [], schema: false } };
}

test("whoever replaces a witness is as unlike those left as the first cast was among itself", () => {
  const names = ["a", "b", "c"].flatMap((place) => [1, 2, 3, 4].map((at) => `${place}${at}`));
  for (let seed = 1; seed <= 20; seed++) {
    const { roster, wanted } = rosterOf(names, seed);
    const cast = roster.prospectsOf(wanted, []).slice(0, 3);
    expect(cast.map(({ operator }) => operator).toSorted()).toEqual(["a", "b", "c"]);
    for (const lost of cast) {
      const left = cast.filter((each) => each !== lost).map(({ peer }) => peer);
      expect(roster.prospectsOf(wanted, left)[0]?.operator).toBe(lost.operator);
    }
  }
});

test("a plain text has no marks by which it could be known again", () => {
  const { roster } = rosterOf(["a"], 1);
  expect(roster.marksOf({ kind: "text", text: "word ".repeat(1_000) }, model)).toEqual([]);
  expect(
    roster.marksOf({ kind: "chat", messages: [{ role: "user", content: "hello" }] }, model),
  ).toHaveLength(1);
});
