import * as json from "./json.ts";
import type { ReadingLimits } from "./matcher.ts";
import { canEnd, choice, literal, type Pattern } from "./pattern.ts";

/** Bounds on a schema, and on answers that are to fit it; see protocol/limits.ts. */
export interface SchemaLimits extends ReadingLimits {
  readonly schemaBytesMax: number;
  readonly schemaDepthMax: number;
  readonly schemaPartsMax: number;
  readonly schemaNamesMax: number;
}

/** Why a schema is not taken: `at` is where in it ("" at its top), `what` goes on from there. */
export interface SchemaComplaint {
  readonly at: string;
  readonly what: string;
}

/**
 * The texts a JSON schema allows, or rather such of them as a model needs: objects hold the properties that are named,
 * in the order in which they are, white space is sparing, numbers have at most 15 digits. Whatever fits the pattern fits
 * the schema. A keyword that is not understood is never passed over, since the answer would not be what was asked for.
 */
export function readSchema(text: string, limits: SchemaLimits): Pattern | SchemaComplaint {
  if (text.length > limits.schemaBytesMax)
    return { at: "", what: `is longer than ${limits.schemaBytesMax} bytes` };
  // Written as it is or escaped: no token's text tells it from what is no character.
  if (/\uFFFD|\\ufffd/i.test(text)) return { at: "", what: "holds U+FFFD, which no answer can hold" };
  const root = parsed(text);
  if (root === undefined) return { at: "", what: "is not JSON" };
  return createReader(root, limits).read();
}

type Schema = Readonly<Record<string, unknown>>;
type Named = Extract<Pattern, { kind: "named" }>;

/** They say nothing about which values fit; and what lies here is read where something refers to it. */
const annotations = [
  ...["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"],
  ...["$schema", "$id", "$comment", "$defs", "definitions"],
];

const keywordsOf: Readonly<Record<string, readonly string[]>> = {
  string: ["minLength", "maxLength"],
  integer: ["minimum", "maximum"],
  number: ["minimum", "maximum"],
  boolean: [],
  null: [],
  array: ["items", "minItems", "maxItems"],
  object: ["properties", "required", "additionalProperties"],
};

function createReader(root: unknown, limits: SchemaLimits) {
  let complaint: SchemaComplaint | undefined;
  let parts = 0;
  const names = new Map<string, Named>();
  const waiting: Array<{ readonly named: Named; readonly schema: unknown }> = [];

  return { read };

  function read(): Pattern | SchemaComplaint {
    const pattern = named("#", "");
    for (let next = waiting.pop(); next !== undefined && complaint === undefined; next = waiting.pop())
      next.named.pattern = value(next.schema, next.named.name.slice(2), 0);
    const endless = complaint === undefined ? firstEndless([...names.values()]) : undefined;
    if (endless !== undefined) refuse(endless.slice(2), "can only be fulfilled by a value without end");
    return complaint ?? pattern;
  }

  /** The first complaint is the one that is told; what is read after it is not used. */
  function refuse(at: string, what: string): Pattern {
    complaint ??= { at, what };
    return json.boolean;
  }

  function value(schema: unknown, at: string, depth: number): Pattern {
    parts += 1;
    if (parts > limits.schemaPartsMax)
      return refuse("", `has more than ${limits.schemaPartsMax} parts (schemas and values of an enum)`);
    if (depth > limits.schemaDepthMax)
      return refuse("", `is nested deeper than ${limits.schemaDepthMax} levels`);
    if (schema === true) return json.anyValue;
    if (!isSchema(schema)) return refuse(at, "must be a schema (an object)");
    if ("$ref" in schema) return only(schema, at, ["$ref"]) ?? named(schema["$ref"], at);
    if ("anyOf" in schema) return only(schema, at, ["anyOf"]) ?? anyOf(schema["anyOf"], at, depth);
    if ("const" in schema) return only(schema, at, ["const", "type"]) ?? oneOf([schema["const"]], schema, at);
    if ("enum" in schema) return only(schema, at, ["enum", "type"]) ?? oneOf(schema["enum"], schema, at);
    return typed(schema, at, depth);
  }

  /** Complains about the first keyword that is none of these. */
  function only(schema: Schema, at: string, keywords: readonly string[]): Pattern | undefined {
    const strange = Object.keys(schema).find((key) => !keywords.includes(key) && !annotations.includes(key));
    return strange === undefined
      ? undefined
      : refuse(at, `holds \`${strange.slice(0, 64)}\`, which is not supported here`);
  }

  function named(reference: unknown, at: string): Pattern {
    const known = names.get(String(reference));
    if (known !== undefined) return known;
    const schema = typeof reference === "string" ? definition(root, reference) : undefined;
    if (schema === undefined)
      return refuse(at, "refers to nothing: only `#` and `#/$defs/NAME` can be referred to");
    if (names.size >= limits.schemaNamesMax)
      return refuse("", `refers to more than ${limits.schemaNamesMax} definitions`);
    const made: Named = { kind: "named", name: String(reference) };
    names.set(made.name, made);
    waiting.push({ named: made, schema });
    return made;
  }

  function anyOf(options: unknown, at: string, depth: number): Pattern {
    if (!Array.isArray(options) || options.length === 0)
      return refuse(at, "has an `anyOf` that is not a list of schemas");
    return choice(...options.map((option, index) => value(option, `${at}/anyOf/${index}`, depth + 1)));
  }

  function oneOf(values: unknown, schema: Schema, at: string): Pattern {
    if (!Array.isArray(values)) return refuse(at, "has an `enum` that is not a list");
    parts += values.length;
    if (parts > limits.schemaPartsMax) return value(schema, at, 0);
    const types = "type" in schema ? typesOf(schema) : undefined;
    const fitting = values.filter((each) => types === undefined || types.some((type) => isOf(each, type)));
    if (fitting.length === 0) return refuse(at, "allows no value at all");
    if (fitting.some((each) => isDeeper(each, limits.schemaDepthMax)))
      return refuse(at, `holds a value nested deeper than ${limits.schemaDepthMax} levels`);
    return choice(...[...new Set(fitting.map((each) => JSON.stringify(each)))].map(literal));
  }

  function typed(schema: Schema, at: string, depth: number): Pattern {
    const types = typesOf(schema);
    const keywords = types.flatMap((type) => keywordsOf[type] ?? []);
    const strange = only(schema, at, ["type", ...keywords]);
    if (strange !== undefined) return strange;
    if (types.length === 0) return json.anyValue;
    return choice(...types.map((type) => ofType(type, schema, at, depth)));
  }

  function ofType(type: string, schema: Schema, at: string, depth: number): Pattern {
    switch (type) {
      case "string":
        return json.string(...countsOf(schema, at, "minLength", "maxLength"));
      case "integer":
      case "number": {
        const negative = mayBeNegative(schema, type === "integer" ? integerMax : Number.POSITIVE_INFINITY);
        if (negative === undefined)
          return refuse(
            at,
            "bounds a number otherwise than by a `minimum` of 0, which is not supported here",
          );
        return type === "integer" ? json.integer(negative) : json.number(negative);
      }
      case "boolean":
        return json.boolean;
      case "null":
        return literal("null");
      case "array": {
        const item = value(schema["items"] ?? true, `${at}/items`, depth + 1);
        return json.array(item, ...countsOf(schema, at, "minItems", "maxItems"));
      }
      case "object":
        return ofObject(schema, at, depth);
      default:
        return refuse(at, "has a `type` that JSON does not know");
    }
  }

  function ofObject(schema: Schema, at: string, depth: number): Pattern {
    const { properties = {}, required = [], additionalProperties = true } = schema;
    if (!isSchema(properties)) return refuse(at, "has `properties` that are not an object");
    if (!Array.isArray(required)) return refuse(at, "has a `required` that is not a list");
    const missing = required.find((key) => typeof key !== "string" || !Object.hasOwn(properties, key));
    if (missing !== undefined)
      return refuse(at, `requires \`${String(missing).slice(0, 64)}\`, which is not among its properties`);
    const entries = Object.entries(properties);
    if (entries.length === 0 && additionalProperties !== false)
      return json.record(value(additionalProperties, `${at}/additionalProperties`, depth + 1));
    return json.object(
      entries.map(([key, each]) => ({
        key,
        value: value(each, `${at}/properties/${key.slice(0, 64)}`, depth + 1),
        required: required.includes(key),
      })),
    );
  }

  function countsOf(schema: Schema, at: string, least: string, most: string): [min: number, max: number] {
    const min = schema[least] ?? 0;
    const max = schema[most] ?? Number.POSITIVE_INFINITY;
    const isCount = (each: unknown): each is number =>
      typeof each === "number" &&
      (Number.isSafeInteger(each) || each === Number.POSITIVE_INFINITY) &&
      each >= 0;
    if (isCount(min) && isCount(max) && min <= max) return [min, max];
    refuse(at, `has a \`${least}\` or \`${most}\` that no value can keep`);
    return [0, 0];
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Where no type is named, what else is said tells it; where nothing is, it may be any. */
function typesOf(schema: Schema): readonly string[] {
  const { type } = schema;
  if (type === undefined) {
    const told = Object.entries(keywordsOf).find(([, keywords]) => keywords.some((each) => each in schema));
    return told === undefined ? [] : [told[0]];
  }
  return (Array.isArray(type) && type.length > 0 ? type : [type]).map((each) => String(each));
}

/** Level by level: one that is nested thousands deep could not be written, nor walked through by recursion. */
function isDeeper(value: unknown, levels: number): boolean {
  const isNest = (each: unknown): each is object => typeof each === "object" && each !== null;
  let level = [value].filter(isNest);
  for (let depth = 0; depth < levels && level.length > 0; depth += 1)
    level = level.flatMap((each): unknown[] => Object.values(each)).filter(isNest);
  return level.length > 0;
}

function isOf(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  return type === "object" ? isSchema(value) : typeof value === type;
}

/** Undefined for bounds that would have to be counted; those that every number keeps anyway say nothing. */
function mayBeNegative(
  { minimum = -Infinity, maximum = Infinity }: Schema,
  most: number,
): boolean | undefined {
  if (typeof minimum !== "number" || typeof maximum !== "number" || maximum < most) return undefined;
  if (minimum === 0) return false;
  return minimum <= -most ? true : undefined;
}
const integerMax = 10 ** 15 - 1;

/** What a reference within the document leads to. */
function definition(root: unknown, reference: string): unknown {
  if (reference === "#") return root;
  const [, room, ...name] = reference.split("/");
  if (!isSchema(root) || (room !== "$defs" && room !== "definitions")) return undefined;
  const definitions = root[room];
  const key = name.join("/").replaceAll("~1", "/").replaceAll("~0", "~");
  return isSchema(definitions) && Object.hasOwn(definitions, key) ? definitions[key] : undefined;
}

/** A name whose pattern no finite text fits: whoever began on it could never come to an end. */
function firstEndless(all: readonly Named[]): string | undefined {
  const known = new Set<string>();
  for (let before = -1; before < known.size; ) {
    before = known.size;
    const found = new Map<Pattern, boolean>();
    for (const { name, pattern } of all.toReversed())
      if (pattern !== undefined && !known.has(name) && canEnd(pattern, known, found)) known.add(name);
  }
  return all.find(({ name }) => !known.has(name))?.name;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
