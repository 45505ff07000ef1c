import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formOf } from "./form.ts";
import { readSchema, type SchemaComplaint } from "./json-schema.ts";
import { createReading, type Place, placeAfter } from "./matcher.ts";
import type { Pattern } from "./pattern.ts";

const limits = {
  ...{ schemaBytesMax: 32_768, schemaDepthMax: 32, schemaPartsMax: 1000, schemaNamesMax: 100 },
  ...{ schemaWaysMax: 1024, schemaStackMax: 10_000, schemaStepsMax: 500_000, schemaByteStepsMax: 1000 },
};

function read(schema: unknown): Pattern | SchemaComplaint {
  return readSchema(typeof schema === "string" ? schema : JSON.stringify(schema), limits);
}

function begin(schema: unknown): Place {
  const pattern = read(schema);
  if (!("kind" in pattern)) throw new Error(`${pattern.at} ${pattern.what}`);
  return createReading(pattern, limits).begin;
}

const placeOf = (place: Place, text: string) => placeAfter(place, new TextEncoder().encode(text));
const fits = (schema: unknown, text: string) => placeOf(begin(schema), text)?.complete === true;

const person = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" }, nick: { type: ["string", "null"] } },
  required: ["name", "age"],
  additionalProperties: false,
};

describe("a text that fits", () => {
  test.each<[unknown, string]>([
    [person, '{"name": "Ada", "age": 36}'],
    [person, '{\n  "name": "Ada",\n  "age": 36,\n  "nick": null\n}'],
    [person, '{"name":"\u00c5sa \\u00e9 \\n \ud83d\ude00","age":-1,"nick":"x"}'],
    [{ type: "object" }, '{"any": [1, {"b": {}}, [], "x", true, null, -0.5e+10]}'],
    [{ type: "object", properties: {}, additionalProperties: false }, "{}"],
    [{ type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, "17"],
    [{ type: "number", minimum: 0 }, "0.5e-7"],
    [{ type: "object", additionalProperties: { type: "number" } }, '{"a": 1, "b": 2.5}'],
    [
      { type: "array", items: { enum: ["red", "reddish", 3] }, minItems: 1, maxItems: 3 },
      '["reddish", 3, "red"]',
    ],
    [{ type: "string", minLength: 2, maxLength: 3 }, '"\ud83d\ude00\\u00e9"'],
    [{ anyOf: [{ const: "a" }, { type: "object", properties: { a: { const: 1 } } }] }, '{"a": 1}'],
    [{ anyOf: [{ const: "a" }, { type: "object", properties: { a: { const: 1 } } }] }, "{}"],
    [
      { const: { a: JSON.parse(`${"[".repeat(31)}${"]".repeat(31)}`) } },
      `{"a":${"[".repeat(31)}${"]".repeat(31)}}`,
    ],
    [
      {
        $ref: "#/$defs/tree",
        $defs: {
          tree: {
            type: "object",
            properties: {
              value: { type: "number" },
              children: { type: "array", items: { $ref: "#/$defs/tree" } },
            },
            required: ["value", "children"],
          },
        },
      },
      '{"value": 1, "children": [{"value": 2, "children": []}, {"value": 3, "children": []}]}',
    ],
  ])("%j: %s", (schema, text) => {
    expect(fits(schema, text)).toBe(true);
    expect(() => JSON.parse(text)).not.toThrow();
  });
});

describe("a text that does not", () => {
  test.each<[unknown, string]>([
    [person, '{"age": 36, "name": "Ada"}'],
    [person, '{"name": "Ada"}'],
    [person, '{"name": "Ada", "age": 36, "size": 1}'],
    [person, '{"name": "Ada", "age": 36.5}'],
    [person, '{"name": "Ada", "age": 036}'],
    [person, '{"name": "A\nda", "age": 36}'],
    [person, '{"name": "\\ud83d", "age": 36}'],
    [person, ' {"name": "Ada", "age": 36}'],
    [person, '{"name": "Ada", "age": 36} '],
    [person, '{"name":       "Ada", "age": 36}'],
    [{ type: "integer", minimum: 0 }, "-1"],
    [{ type: "number", minimum: 0 }, "-1.5"],
    [{ type: "object" }, "[]"],
    [{ type: "array", items: { type: "null" }, minItems: 2 }, "[null]"],
    [{ type: "array", items: { type: "null" }, maxItems: 2 }, "[null, null, null]"],
    [{ type: "array", items: { type: "null" } }, "[null,]"],
    [{ type: "string", minLength: 2 }, '"a"'],
    [{ type: "string", enum: ["a", 1] }, "1"],
  ])("%j: %s", (schema, text) => {
    expect(fits(schema, text)).toBe(false);
  });

  test("has no half of a character, wherever it is cut", () => {
    const place = begin({ type: "string" });
    const open = placeAfter(place, Uint8Array.of(0x22, 0xf0, 0x9f))!;
    expect(open.complete).toBe(false);
    expect(open.after(0x22)).toBeUndefined();
    expect(placeAfter(open, Uint8Array.of(0x98, 0x80, 0x22))?.complete).toBe(true);
    expect(fits({ type: "string" }, '"\ufffd"')).toBe(false);
    for (const byte of [0x80, 0xc0, 0xc1, 0xf5, 0xff, 0x0a])
      expect(placeAfter(place, Uint8Array.of(0x22, byte))).toBeUndefined();
  });
});

const schemas: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>({ type: "string", maxLength: 3 }, { type: "integer" }, { type: "boolean" }),
    fc.record({ enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { minLength: 1, maxLength: 3 }) }),
    fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ type: fc.constant("array"), items: tie("schema"), maxItems: fc.nat(3) }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie("schema"), { maxKeys: 3 }).map((properties) => ({
      type: "object",
      properties,
      additionalProperties: false,
      required: Object.keys(properties).slice(1),
    })),
  ),
})).schema;

test("whatever is written by legal bytes alone comes to an end, and is JSON that the schema allows", () => {
  fc.assert(
    fc.property(schemas, fc.infiniteStream(fc.nat()), (schema, chance) => {
      let place = begin(schema);
      const bytes: number[] = [];
      // Whoever prefers quotes and closing brackets gets home soon.
      const closing = [0x22, 0x7d, 0x5d];
      while (!place.complete || place.after(0x30) !== undefined) {
        const open = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => place.after(byte));
        if (open.length === 0 || (place.complete && bytes.length > 200)) break;
        const home = bytes.length > 200 ? open.find((byte) => closing.includes(byte)) : undefined;
        const byte = home ?? open[chance.next().value % open.length]!;
        bytes.push(byte);
        place = place.after(byte)!;
      }
      expect(place.complete).toBe(true);
      const text = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes));
      expect(allows(schema as Loose, JSON.parse(text)), text).toBe(true);
    }),
    { numRuns: 500 },
  );
});

type Loose = Record<string, unknown> & { type?: string };

/** The same schemas, read the other way round. */
function allows(schema: Loose, value: unknown): boolean {
  if (schema["enum"])
    return (schema["enum"] as unknown[]).some((each) => JSON.stringify(each) === JSON.stringify(value));
  if (schema["anyOf"]) return (schema["anyOf"] as Loose[]).some((each) => allows(each, value));
  if (schema.type === "integer") return Number.isSafeInteger(value);
  if (schema.type === "string") return typeof value === "string" && [...value].length <= 3;
  if (schema.type === "array")
    return (
      Array.isArray(value) &&
      value.length <= (schema["maxItems"] as number) &&
      value.every((each) => allows(schema["items"] as Loose, each))
    );
  if (schema.type !== "object") return typeof value === "boolean";
  const properties = schema["properties"] as Record<string, Loose>;
  return (
    Object.entries(value as object).every(
      ([key, each]) => Object.hasOwn(properties, key) && allows(properties[key]!, each),
    ) && (schema["required"] as string[]).every((key) => Object.hasOwn(value as object, key))
  );
}

describe("a schema that cannot be kept is refused", () => {
  test.each<[unknown, string, string]>([
    ["{", "", "is not JSON"],
    [[], "", "must be a schema"],
    [{ const: "\ufffd" }, "", "U+FFFD"],
    [{ type: "string", pattern: "(a+)+$" }, "", "`pattern`"],
    [{ type: "object", properties: { a: { type: "string", format: "date" } } }, "/properties/a", "`format`"],
    [{ allOf: [{}] }, "", "`allOf`"],
    [{ anyOf: [{}], type: "string" }, "", "`type`"],
    [{ type: "integer", minimum: 3 }, "", "bounds a number"],
    [{ type: "number", maximum: 10 }, "", "bounds a number"],
    [{ type: "whole" }, "", "`type`"],
    [{ enum: [] }, "", "no value"],
    [{ type: "string", enum: [1] }, "", "no value"],
    [{ type: "array", minItems: 2, maxItems: 1 }, "", "no value can keep"],
    [{ type: "object", required: ["a"] }, "", "requires `a`"],
    [{ $ref: "https://example.org/schema" }, "", "refers to nothing"],
    [{ $ref: "#/$defs/__proto__", $defs: {} }, "", "refers to nothing"],
    [{ $ref: "#" }, "", "without end"],
    [{ type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }, "", "without end"],
    [
      { anyOf: [{ type: "null" }, { $ref: "#/$defs/a" }], $defs: { a: { $ref: "#/$defs/a" } } },
      "$defs/a",
      "without end",
    ],
    [{ enum: Array.from({ length: 1001 }, (_, each) => each) }, "", "more than 1000 parts"],
    [`${'{"items":'.repeat(40)}true${"}".repeat(40)}`, "", "deeper than 32"],
    [`${"[".repeat(16_000)}${"]".repeat(16_000)}`, "", "must be a schema"],
    ...["const", "enum"].map((keyword): [string, string, string] => [
      `{"properties":{"a":{"${keyword}":${"[".repeat(16_000)}${"]".repeat(16_000)}}}}`,
      "/properties/a",
      "nested deeper than 32",
    ]),
    [{ const: { a: JSON.parse(`${"[".repeat(32)}${"]".repeat(32)}`) } }, "", "nested deeper than 32"],
    [`"${"x".repeat(40_000)}"`, "", "longer than 32768"],
    [
      {
        anyOf: Array.from({ length: 101 }, (_, each) => ({ $ref: `#/$defs/${each}` })),
        $defs: Object.fromEntries(Array.from({ length: 101 }, (_, each) => [each, {}])),
      },
      "",
      "more than 100 definitions",
    ],
  ])("%j", (schema, at, what) => {
    expect(read(schema)).toEqual({ at, what: expect.stringContaining(what) });
  });

  test("or taken, whatever it is, without a throw", () => {
    fc.assert(fc.property(fc.anything(), (value) => void read(JSON.stringify(value) ?? "")));
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(
            "type",
            "enum",
            "anyOf",
            "$ref",
            "items",
            "properties",
            "required",
            "minLength",
            "additionalProperties",
          ),
          fc.oneof(fc.jsonValue(), fc.constantFrom("string", "array", "object", "#")),
        ),
        (schema) => void read(schema),
      ),
    );
  });
});

describe("a schema that can be read in very many ways at once", () => {
  test("is followed all the same", () => {
    const option = (depth: number): unknown =>
      depth === 0
        ? { type: "null" }
        : {
            anyOf: [0, 1].map((each) => ({
              type: "object",
              properties: { a: option(depth - 1), [`b${each}`]: { type: "null" } },
            })),
          };
    expect(placeOf(begin(option(7)), '{"a": {"a": {"a": {"a": {"b0": null}')).toBeDefined();
    const keys = Array.from({ length: 990 }, (_, each) => [`key${each}`, { type: "null" }]);
    const wide = { type: "object", properties: Object.fromEntries(keys) };
    expect(fits(wide, '{"key7": null, "key989": null}')).toBe(true);
  });

  test("gives up on a text with a word for it before it fills the memory", () => {
    const arrays = { anyOf: Array.from({ length: 400 }, () => ({ type: "array", items: { $ref: "#" } })) };
    expect(() => placeOf(begin(arrays), "[".repeat(2000))).toThrow(RangeError);
    const form = formOf(JSON.stringify(arrays), { ...limits, schemaByteStepsMax: 0 })!;
    const chunk = { start: 0, ids: [1], text: "[".repeat(2000), signature: "" };
    expect(form.fits(undefined, chunk)).toBe(false);
  });
});
