import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFairLine, type FairLine, type Waiting } from "./fair-line.ts";
import { createShares } from "./shares.ts";

interface Job extends Waiting {
  readonly name: string;
}

let serial = 0;
const job = (account: string, facts: Partial<Waiting> = {}, user = ""): Job => ({
  ...{ name: `${account}${user}${serial++}`, client: { account, user } },
  ...{ enteredAt: 0, patienceMs: 30_000, deadlineAt: 600_000 },
  ...facts,
});

function lineOf(jobs: readonly Job[], waitingMax = 1_000): FairLine<Job> {
  const line = createFairLine<Job>(waitingMax, createShares());
  for (const each of jobs) line.enter(each);
  return line;
}

/** Whose jobs begin when `seats` of them run at a time and each takes as long as any other. */
function served(line: FairLine<Job>, seats: number, count: number): string[] {
  const running: Job[] = [];
  const order: string[] = [];
  for (let now = 0; order.length < count; now += 1) {
    if (running.length === seats) line.leave(running.shift()!, now);
    const next = line.next();
    if (next === undefined) break;
    line.begin(next, now);
    running.push(next);
    order.push(next.client.account + next.client.user);
  }
  return order;
}

const many = (account: string, count: number, user = "") =>
  Array.from({ length: count }, () => job(account, {}, user));

describe("a turn", () => {
  test("comes to a single request after one of another's five hundred", () => {
    const line = lineOf(many("a", 500));
    line.begin(line.next()!, 0);
    line.enter(job("b"));
    expect(line.next()?.client.account).toBe("b");
  });

  test("goes to accounts first, and to an account's users within it", () => {
    const line = lineOf([...many("a", 6, "x"), ...many("a", 3, "y"), ...many("b", 3)]);
    expect(served(line, 1, 8)).toEqual(["ax", "b", "ay", "b", "ax", "b", "ay", "ax"]);
  });

  test("is not gained by asking under many users' names", () => {
    const users = Array.from({ length: 100 }, (_, at) => job("a", {}, `user ${at}`));
    const order = served(lineOf([...users, ...many("b", 3)]), 2, 6);
    expect(order.filter((name) => name === "b")).toHaveLength(3);
  });

  test("evens out seats that some already hold", () => {
    const line = lineOf(many("a", 10));
    for (let seat = 0; seat < 3; seat++) line.begin(line.next()!, 0);
    for (const each of many("b", 5)) line.enter(each);
    expect(served(line, 8, 5)).toEqual(["b", "b", "b", "a", "b"]);
  });

  test("comes to everybody: of clients that always want more, none is ever two turns behind", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 7 }), (seats, clients) => {
        const names = Array.from({ length: clients }, (_, at) => String.fromCharCode(97 + at));
        const order = served(lineOf(names.flatMap((name) => many(name, 40))), seats, 20 * clients);
        const counts = names.map((name) => order.filter((each) => each === name).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
      }),
      { numRuns: 20 },
    );
  });

  test("is every job's once, and a client's own jobs keep their order", () => {
    const owners = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 40 });
    fc.assert(
      fc.property(owners, fc.integer({ min: 1, max: 5 }), (accounts, seats) => {
        const jobs = accounts.map((account) => job(account));
        const line = lineOf(jobs);
        const begun: Job[] = [];
        for (let next = line.next(); next !== undefined; next = line.next()) {
          line.begin(next, begun.length);
          begun.push(next);
          if (begun.length >= seats) line.leave(begun[begun.length - seats]!, begun.length);
        }
        expect(new Set(begun)).toEqual(new Set(jobs));
        for (const account of ["a", "b", "c"]) {
          const own = (all: readonly Job[]) => all.filter(({ client }) => client.account === account);
          expect(own(begun)).toEqual(own(jobs));
        }
      }),
    );
  });
});

describe("a full line", () => {
  test("is left by the newest job of whoever has most, never by somebody's only one", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 60 }), (accounts) => {
        const line = createFairLine<Job>(8, createShares());
        const inside: Job[] = [];
        for (const account of accounts) {
          const newcomer = job(account);
          inside.push(newcomer);
          const turned = line.enter(newcomer)?.job;
          expect(line.figures().waiting).toBeLessThanOrEqual(8);
          if (turned === undefined) continue;
          const has = (name: string) => inside.filter(({ client }) => client.account === name);
          const most = Math.max(...["a", "b", "c"].map((name) => has(name).length));
          expect(has(turned.client.account)).toHaveLength(most);
          expect(has(turned.client.account).at(-1)).toBe(turned);
          inside.splice(inside.indexOf(turned), 1);
        }
      }),
    );
  });
});

describe("waiting in vain", () => {
  /** A line on one seat whose answers take a second each. */
  function paced(jobs: readonly Job[]): FairLine<Job> {
    const [before, running] = [job("before"), job("running")];
    const line = lineOf([before, running]);
    line.begin(before, -2_000);
    line.leave(before, -1_000);
    line.begin(running, -1_000);
    for (const each of jobs) line.enter(each);
    return line;
  }

  test("is spared whoever could not begin within its patience, with the wait there would be", () => {
    const line = paced(many("a", 40));
    const late = line.late(0);
    expect(late.map(({ waitMs }) => waitMs)).toEqual(Array(10).fill(31_000));
    expect(line.figures()).toMatchObject({ waiting: 30, waitMs: 31_000 });
  });

  test("is spared whoever would begin in time and not end in time", () => {
    const hurried = [job("a", { deadlineAt: 3_500 }), job("a", { deadlineAt: 3_500 })];
    expect(
      paced(hurried)
        .late(0)
        .map(({ job: each }) => each),
    ).toEqual([hurried[1]]);
  });

  test("is not foreseen before any answer has ended, and is over when patience is", () => {
    const line = lineOf(many("a", 40));
    expect(line.late(29_999)).toEqual([]);
    expect(line.late(30_000)).toHaveLength(40);
  });
});

test("of clients that are gone nothing is left", () => {
  const line = createFairLine<Job>(10, createShares());
  const first = job("a");
  line.enter(first);
  line.begin(first, 0);
  line.leave(first, 5);
  const second = job("b");
  line.enter(second);
  line.leave(second, 6);
  expect(line.figures()).toEqual({ waiting: 0, running: 0, clients: 0, answerMs: 5, waitMs: 5 });
});
