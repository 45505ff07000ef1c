import { expect, test } from "vitest";
import { createChance } from "../../simulator/chance.ts";
import type { Arena, ArenaNode } from "./arena.ts";
import { createChurn } from "./churn.ts";

/** Beyond every pid there is: who is gone already cannot be harmed. */
const gone = 2 ** 30;

const nodes: ArenaNode[] = ["provider 1", "provider 2"].map((name) => ({
  ...{ name, peer: name, pid: gone, start: undefined, home: "/nowhere", cable: undefined },
}));

const arena: Arena = {
  ...{ url: "", model: "", synthetic: true, slots: 1, lasting: [], nodes: () => nodes },
  revive: () => Promise.reject(new Error("it does not come back")),
  close: async () => {},
};

test("a node that cannot be mended ends the soak, which still knows what is broken", async () => {
  const churn = createChurn(arena, ["kill"], createChance(1), { everyMs: 1, outageMs: 1 });
  await expect(churn.run(1, new AbortController().signal)).rejects.toThrow("it does not come back");
  expect(churn.broken().map(({ name }) => name)).toEqual(["provider 1"]);
});
