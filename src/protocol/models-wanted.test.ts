import { expect, test } from "vitest";
import { limits } from "./limits.ts";
import { modelsWanted } from "./models-wanted.ts";

const longest = "m".repeat(limits.modelNameLengthMax);

test("the models wanted are the one named first and those that will do, each once", () => {
  expect(modelsWanted({ model: "a" })).toEqual(["a"]);
  expect(modelsWanted({ models: ["a", "b"] })).toEqual(["a", "b"]);
  expect(modelsWanted({ model: "b", models: ["a", "b", longest] })).toEqual(["b", "a", longest]);
});

test.each([
  ["model", {}],
  ["model", { model: "" }],
  ["model", { model: `${longest}m` }],
  ["models", { model: "a", models: [] }],
  ["models", { model: "a", models: "b" }],
  ["models", { models: ["a", `${longest}m`] }],
  ["models", { models: Array.from({ length: limits.modelsPerRequestMax + 1 }, (_, at) => `m${at}`) }],
])("what is no name, and a name that no model has, is refused by its field: %s, %#", (param, body) => {
  expect(modelsWanted(body)).toMatchObject({ status: 400, param });
});
