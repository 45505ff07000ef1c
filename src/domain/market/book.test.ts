import fc from "fast-check";
import { expect, test } from "vitest";
import type { PeerId } from "../ids.ts";
import { createBook, type OfferTerms } from "./book.ts";

const bounds = { offersMax: 3, offerLifeMsMax: 600_000, clockSkewMsMax: 120_000 };
const wall = 1_700_000_000_000;

function offer(peer: string, seq: number, facts: Partial<OfferTerms> = {}): OfferTerms {
  return { peer: peer as PeerId, seq, issuedAt: wall, expiresAt: wall + 60_000, ...facts };
}

/** A minute from then on. */
const times = (issuedAt: number) => ({ issuedAt, expiresAt: issuedAt + 60_000 });

test("only a higher sequence number replaces what is known of a peer", () => {
  const book = createBook(bounds);
  expect(book.take(offer("a", 5), 0, wall)).toBe("newer");
  expect(book.take(offer("a", 5), 0, wall)).toBe("same");
  expect(book.take(offer("a", 4, { expiresAt: wall + 99_000 }), 0, wall)).toBe("older");
  expect(book.take(offer("a", 6), 0, wall)).toBe("newer");
  expect(book.of("a" as PeerId)?.seq).toBe(6);
});

test("an offer's times must be such that some honest clock could have meant them", () => {
  const book = createBook(bounds);
  const verdict = (facts: Partial<OfferTerms>) => book.judge(offer("a", 1, facts), 0, wall);
  expect(verdict({ issuedAt: wall - 200_000, expiresAt: wall - 120_000 })).toBe("expired");
  expect(verdict({ expiresAt: wall })).toBe("expired");
  expect(verdict({ expiresAt: wall + 600_001 })).toBe("endless");
  expect(verdict({ issuedAt: wall + 120_001, expiresAt: wall + 130_000 })).toBe("premature");
  expect(verdict({ issuedAt: wall - 120_000, expiresAt: wall - 60_000 })).toBe("newer");
});

test("a clock that is set by an hour, here or there, neither ends an acquaintance nor prolongs one", () => {
  const hour = 3_600_000;
  for (const jump of [hour, -hour]) {
    const book = createBook(bounds);
    book.take(offer("a", 1), 0, wall);
    expect(book.take(offer("a", 2, times(wall + 20_000)), 20_000, wall + jump + 20_000)).toBe("newer");
    expect(book.take(offer("a", 3, times(wall + jump + 40_000)), 40_000, wall + 40_000)).toBe("newer");
    expect(book.expire(99_999)).toEqual([]);
    expect(book.expire(100_000)).toEqual(["a"]);
    expect(book.take(offer("a", 4, times(wall + jump)), 100_000, wall)).toBe(
      jump > 0 ? "premature" : "expired",
    );
  }
});

test("a stranger is judged by others' clocks too, so that one's own may be wrong, and a few of theirs", () => {
  const book = createBook({ ...bounds, offersMax: 9 });
  const hour = 3_600_000;
  const stranger = (name: string, at: number) => offer(name, 1, times(at));
  for (const [at, name] of ["a", "b", "c"].entries()) book.take(stranger(name, wall + at), at, wall);
  // From here on this node's clock is an hour ahead; b's own was set too.
  book.take(offer("b", 2, times(wall - hour)), 10_000, wall + hour);
  expect(book.take(stranger("d", wall + 20_000), 20_000, wall + hour)).toBe("newer");
  expect(book.take(stranger("e", wall - hour), 20_000, wall + hour)).toBe("expired");
  expect(book.take(stranger("f", wall + hour), 20_000, wall + hour), "by one's own clock").toBe("newer");
});

test("a full book keeps whom it knows and takes newcomers again when someone is gone", () => {
  const book = createBook(bounds);
  for (const peer of ["a", "b", "c"]) book.take(offer(peer, 1), 0, wall);
  expect(book.take(offer("d", 1), 0, wall)).toBe("full");
  expect(book.take(offer("a", 2), 1_000, wall)).toBe("newer");
  expect(book.expire(60_000).sort()).toEqual(["b", "c"]);
  expect(book.take(offer("d", 1), 60_000, wall)).toBe("newer");
  expect(book.standing().map(({ peer }) => peer)).toEqual(["d", "a"]);
});

test("a bond finds room in a full book, and what has none makes it, oldest first", () => {
  const book = createBook<OfferTerms>(bounds, ({ peer }) => peer.startsWith("bonded"));
  for (const peer of ["a", "b", "c"]) book.take(offer(peer, 1), 0, wall);
  expect(book.take(offer("d", 1), 0, wall)).toBe("full");
  for (const peer of ["bonded1", "bonded2"]) expect(book.take(offer(peer, 1), 0, wall)).toBe("newer");
  expect(book.expire(0)).toEqual(["a", "b"]);
  expect(book.take(offer("bonded3", 1), 0, wall)).toBe("newer");
  expect(book.take(offer("bonded4", 1), 0, wall)).toBe("full");
  expect(book.expire(0)).toEqual(["c"]);
});

test("those with a bond come first, so that offers that cost nothing push nobody out of a draw", () => {
  const book = createBook<OfferTerms>(bounds, ({ peer }) => peer.startsWith("bonded"));
  for (const peer of ["bonded1", "a", "bonded2"]) book.take(offer(peer, 1), 0, wall);
  expect(book.standing().map(({ peer }) => peer)).toEqual(["bonded2", "bonded1", "a"]);
});

test("whatever comes in any order: bounded, one per peer, the highest taken, gone when its life is over", () => {
  const terms = fc.record({
    peer: fc.constantFrom("a", "b", "c", "d", "e").map((peer) => peer as PeerId),
    seq: fc.nat(20),
    issuedAt: fc.integer({ min: wall - 300_000, max: wall + 300_000 }),
    expiresAt: fc.integer({ min: wall - 300_000, max: wall + 1_000_000 }),
  });
  fc.assert(
    fc.property(fc.array(terms, { maxLength: 60 }), (offers) => {
      const book = createBook(bounds);
      const highest = new Map<PeerId, number>();
      offers.forEach((each, now) => {
        if (book.take(each, now, wall) === "newer") highest.set(each.peer, each.seq);
        expect(book.standing().length).toBeLessThanOrEqual(bounds.offersMax);
        for (const known of book.standing()) expect(known.seq).toBe(highest.get(known.peer));
      });
      const last = offers.length + bounds.offerLifeMsMax + bounds.clockSkewMsMax;
      book.expire(last);
      expect(book.standing()).toEqual([]);
    }),
  );
});
