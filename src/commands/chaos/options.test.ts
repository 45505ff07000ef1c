import { expect, test } from "vitest";
import { readOptions } from "./options.ts";

test("more nodes than there are cannot fail", () => {
  const refused = expect.objectContaining({ code: "bad-option", fault: "user" });
  expect(() => readOptions({ kill: "99", nodes: "3" })).toThrow(refused);
  expect(() => readOptions({ kill: "3", nodes: "3" })).toThrow(refused);
  expect(readOptions({ kill: "2", nodes: "3" }).victims(3)).toBe(2);
  expect(readOptions({ kill: "99", home: "./net" }).victims(3)).toBe(2);
});
