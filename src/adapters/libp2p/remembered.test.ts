import { expect, onTestFinished, test } from "vitest";
import { createHome } from "../../../test/rigs/nodes.ts";
import { limits } from "../../protocol/limits.ts";
import { openStore } from "../sqlite/store.ts";
import { createRemembered } from "./remembered.ts";

function remembered() {
  const home = createHome();
  const store = openStore({ path: `${home.path}/node.sqlite` });
  onTestFinished(() => {
    store.close();
    home.remove();
  });
  let wall = 1_700_000_000_000;
  const clock = { now: () => 0, wall: () => wall++, after: () => () => {} };
  return { store, peers: createRemembered({ store, clock }) };
}

test("the peers reached last are kept, and no more than the limit", () => {
  const { peers } = remembered();
  for (let at = 0; at < limits.peersRememberedMax + 10; at++)
    peers.remember(`peer-${at}`, [`/ip4/127.0.0.1/tcp/${at + 1}`]);
  const all = peers.all();
  expect(all.length).toBe(limits.peersRememberedMax);
  expect(all[0]?.peer).toBe(`peer-${limits.peersRememberedMax + 9}`);
  expect(all.at(-1)?.peer).toBe("peer-10");
});

test("one entry per peer, its addresses bounded, and nothing for a peer without any", () => {
  const { peers } = remembered();
  peers.remember("a", ["/ip4/127.0.0.1/tcp/1"]);
  peers.remember(
    "a",
    Array.from({ length: 99 }, (_, at) => `/ip4/127.0.0.1/tcp/${at}`),
  );
  peers.remember("b", []);
  expect(peers.all().map(({ peer, multiaddrs }) => [peer, multiaddrs.length])).toEqual([
    ["a", limits.offerAddressesMax],
  ]);
});

test("an entry damaged on disk is passed over", () => {
  const { store, peers } = remembered();
  store.put("peer/broken", "{");
  store.put("peer/other", '{"multiaddrs":5}');
  peers.remember("good", ["/ip4/127.0.0.1/tcp/1"]);
  expect(peers.all().map(({ peer }) => peer)).toEqual(["good"]);
});
