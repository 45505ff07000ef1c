import { expect, test } from "vitest";
import { placeFlags, settingFlags } from "./local-child.ts";
import type { Place } from "./local-place.ts";

test("settings become flags: lists are repeated, and what is not set is not said", () => {
  const settings = { home: "/h", homeNamed: true, hostsAllowed: ["a", "b"], holdMs: 0, local: true };
  expect(settingFlags(settings, ["hostsAllowed", "witnesses", "holdMs"])).toEqual([
    ...["--hosts-allowed", "a", "--hosts-allowed", "b"],
    ...["--hold-ms", "0"],
  ]);
});

test("everybody meets several others first, and nobody itself", () => {
  const places = Array.from({ length: 7 }, (_, at): Place => {
    const name = `provider ${at}`;
    return { name, home: `/${at}`, log: "", peerPort: at, dataPort: at, multiaddr: `/m${at}` };
  });
  const flags = placeFlags(places[1]!, places, "http://127.0.0.1:1");
  const met = flags.filter((_, at) => flags[at - 1] === "--bootstrap");
  expect(met).toEqual(["/m0", "/m2", "/m3", "/m4"]);
});
