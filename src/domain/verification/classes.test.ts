import fc from "fast-check";
import { expect, test } from "vitest";
import { classesKey, labelOf, probabilities } from "./classes.ts";

const logits = fc.array(fc.float({ noNaN: true, min: -1024, max: 1024 }), { minLength: 1, maxLength: 20 });

test("probabilities of classes that exclude one another are finite, sum to 1 and keep the order of the logits", () => {
  fc.assert(
    fc.property(logits, (all) => {
      const shares = probabilities(all, "softmax");
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(shares[all.indexOf(Math.max(...all))]).toBe(Math.max(...shares));
    }),
  );
});

test("labels that hold each by itself have a probability each, that no other logit has a part in", () => {
  fc.assert(
    fc.property(logits, (all) => {
      const each = probabilities(all, "sigmoid");
      expect(each.every((share) => share >= 0 && share <= 1)).toBe(true);
      expect(each[0]).toBe(probabilities(all.slice(0, 1), "sigmoid")[0]);
    }),
  );
});

test("the label is the one of the largest logit, and of equals the first", () => {
  const classes = { labels: ["a", "b", "c"], activation: "softmax" } as const;
  expect(labelOf(classes, [-1, 3, 2])).toBe("b");
  expect(labelOf(classes, [2, 2, 1])).toBe("a");
});

test("classes are other ones with another label, order or activation", () => {
  const keys = [
    undefined,
    { labels: ["a", "b"], activation: "softmax" },
    { labels: ["b", "a"], activation: "softmax" },
    { labels: ["a", "b"], activation: "sigmoid" },
    { labels: ['a","b'], activation: "softmax" },
  ] as const;
  expect(new Set(keys.map(classesKey)).size).toBe(keys.length);
});
