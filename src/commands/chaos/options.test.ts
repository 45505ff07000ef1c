import { expect, test } from "vitest";
import { readOptions } from "./options.ts";

test("all nodes there are, or more, cannot fail", () => {
  const refused = expect.objectContaining({
    ...{ code: "bad-option", fault: "user", message: expect.stringContaining("one ") },
  });
  expect(() => readOptions({ kill: "99", nodes: "3" })).toThrow(refused);
  expect(() => readOptions({ kill: "3", nodes: "3" })).toThrow(refused);
  expect(() => readOptions({ kill: "100%", nodes: "3" })).toThrow(refused);
  expect(() => readOptions({ kill: "100%", home: "./net" })).toThrow(refused);
  expect(readOptions({ kill: "2", nodes: "3" }).victims(3)).toBe(2);
  expect(readOptions({ kill: "99%", nodes: "3" }).victims(3)).toBe(2);
  expect(readOptions({ kill: "99", home: "./net" }).victims(3)).toBe(2);
});
