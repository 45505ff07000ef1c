import { expect, test } from "vitest";
import { createTimeline } from "../../simulator/timeline.ts";
import { createLine } from "./line.ts";

/** Models served from the same seats, in simulated time: every job takes a second. */
function shared(seats: number) {
  const timeline = createTimeline();
  const line = createLine(timeline.clock());
  const begun: string[] = [];
  const refused: string[] = [];
  let free = seats;
  const enter = (model: string, account: string) => {
    const place = line.enter(model, {
      ...{ client: { account, user: "" }, deadlineAt: Number.POSITIVE_INFINITY },
      hasRoom: () => free > 0,
      begin() {
        free -= 1;
        begun.push(`${account} ${model}`);
        timeline.at(timeline.now() + 1_000, () => {
          free += 1;
          place.leave();
        });
      },
      refuse: () => refused.push(`${account} ${model}`),
    });
  };
  return { enter, begun, refused, runTo: (ms: number) => timeline.run(ms, () => false) };
}

test("a crowd for one model delays another client's single job for another model by a turn", async () => {
  const { enter, begun, runTo } = shared(2);
  for (let count = 0; count < 20; count++) enter("a", "crowd");
  await runTo(500);
  enter("b", "single");
  await runTo(1_500);
  expect(begun.slice(2)).toContain("single b");
});

test("one client's models have their turns in turn, and nobody is told to wait who need not", async () => {
  const { enter, begun, refused, runTo } = shared(1);
  for (const model of ["a", "a", "a", "b", "b", "c"]) enter(model, "one");
  await runTo(5_500);
  expect(begun).toEqual(["one a", "one b", "one c", "one a", "one b", "one a"]);
  expect(refused).toEqual([]);
});

test("seats that one model has to itself are not kept from it by those who wait for another's", () => {
  const line = createLine(createTimeline().clock());
  const begun: string[] = [];
  for (const model of ["full", "free"]) {
    line.enter(model, {
      ...{ client: { account: "one", user: "" }, deadlineAt: Number.POSITIVE_INFINITY },
      hasRoom: () => model === "free",
      begin: () => begun.push(model),
      refuse: () => begun.push(`not ${model}`),
    });
  }
  expect(begun).toEqual(["free"]);
});

test("whoever runs twenty for one model stands behind who has none in another model's line, however early it came", async () => {
  const line = createLine(createTimeline().clock());
  const begun: string[] = [];
  let free = 20;
  const enter = (model: string, account: string) =>
    line.enter(model, {
      ...{ client: { account, user: "" }, deadlineAt: Number.POSITIVE_INFINITY },
      hasRoom: () => free > 0,
      begin() {
        free -= 1;
        begun.push(`${account} ${model}`);
      },
      refuse: () => {},
    });
  const places = Array.from({ length: 20 }, () => enter("b", "many"));
  for (const [model, account] of [
    ["a", "many"],
    ["a", "none"],
    ["c", "one"],
    ["c", "one"],
  ] as const)
    enter(model, account);
  for (let turn = 0; turn < 2; turn++) {
    free += 1;
    places[turn]!.leave();
  }
  expect(begun.slice(20).toSorted()).toEqual(["none a", "one c"]);
});

test("a look asks each line once whether it has room, and what it brings about is looked at after it", () => {
  const timeline = createTimeline();
  const line = createLine(timeline.clock());
  const asked = new Map<string, number>();
  const begun: string[] = [];
  let free = 0;
  let depth = 0;
  let deepest = 0;
  const enter = (model: string) => {
    const place = line.enter(model, {
      ...{ client: { account: model, user: "" }, deadlineAt: Number.POSITIVE_INFINITY },
      hasRoom() {
        asked.set(model, (asked.get(model) ?? 0) + 1);
        return model === "free" && free > 0;
      },
      begin() {
        depth += 1;
        deepest = Math.max(deepest, depth);
        begun.push(model);
        free -= 1;
        // As one does whose job is over at once.
        line.look();
        depth -= 1;
      },
      refuse: () => place.leave(),
    });
  };
  for (const model of ["full", "full too", "free", "free", "free"]) enter(model);
  asked.clear();
  free = 3;
  line.look();
  expect(begun).toEqual(["free", "free", "free"]);
  expect(deepest).toBe(1);
  expect(asked.get("full"), "once in this look, once in the one it brought about").toBe(2);
});
