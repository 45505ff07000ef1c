import { expect, test } from "vitest";
import type { PeerId, SessionKey } from "../ids.ts";
import type { Held } from "./state.ts";
import { uncheckedIn } from "./unchecked.ts";

const peers = (names: string) => names.split(" ").filter(Boolean) as PeerId[];

/** Chunks of four tokens, each as "speaker: who accepted it". */
function unchecked(said: readonly string[], basis: "fingerprint" | "tokens" | "none") {
  const held = said.map((words, at): Held => {
    const [speaker = "", accepts = ""] = words.split(":");
    const chunk = { start: 4 * at, ids: [1, 2, 3, 4], text: "", signature: "" };
    return {
      ...{ chunk, speaker: speaker as PeerId, accepts: peers(accepts), rejects: [] },
      ...{ sessionKey: "00" as SessionKey, heardAt: 0, digest: new Uint8Array() },
    };
  });
  const witnesses = [...new Set(held.flatMap(({ accepts }) => accepts))];
  const executor = held.at(-1)!.speaker;
  const voters = { strangers: peers("z"), sampling: peers("s t"), unverified: peers("v") };
  return uncheckedIn(held, voters, { basis, executor, witnesses });
}

test("of an answer by engines that show everything nothing is left", () => {
  expect(unchecked(["a: b c", "a: b c"], "fingerprint")).toEqual([]);
  // Who looks at some positions only took nothing away.
  expect(unchecked(["a: b s", "a: s b"], "fingerprint")).toEqual([]);
});

test("words of a speaker that commits to nothing rest on their margins, or on what others saw", () => {
  expect(unchecked(["s: a b", "s: a b"], "tokens")).toEqual([
    expect.stringMatching(/^no-fingerprint: .*tokens 0 to 7 .*margins alone/),
  ]);
  expect(unchecked(["s: a b", "a: b c", "a: b c"], "fingerprint")).toEqual([
    expect.stringMatching(/^no-fingerprint: .*tokens 0 to 3 .*others' cover them/),
  ]);
});

test("words that only samplers judged are named, a stranger's vote counts for nothing there either", () => {
  expect(unchecked(["a: b", "a: s", "a: s t z", "a: b s", "a: t"], "tokens")).toEqual([
    expect.stringMatching(/^positions-between: tokens 4 to 11 /),
    expect.stringMatching(/^positions-between: tokens 16 to 19 /),
  ]);
});

test("an engine of a kind that was never tried is named, whoever watched", () => {
  expect(unchecked(["a: v b"], "fingerprint")).toEqual([expect.stringMatching(/^engine-unverified: .* v /)]);
  expect(unchecked(["v: a"], "tokens")).toEqual([
    expect.stringMatching(/^no-fingerprint/),
    expect.stringMatching(/^engine-unverified: .* v /),
  ]);
  expect(unchecked(["v:"], "none")).toEqual([expect.stringMatching(/^engine-unverified/)]);
});
