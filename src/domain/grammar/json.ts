import { byteIn, choice, literal, nothing, oneOf, type Pattern, repeat, sequence } from "./pattern.ts";

/** The pieces of JSON (RFC 8259), a little narrower than it: what is left out would help only a model that is lost. */

/**
 * Between two pieces: nothing, a space, or a new line with an indent. Not any white space: small models that know
 * nothing to say go on saying new lines.
 */
export const gap: Pattern = choice(
  nothing,
  literal(" "),
  sequence(literal("\n"), repeat(oneOf(" \t"), 0, 40)),
);

const tail = byteIn([0x80, 0xbf]);
const hex = byteIn([0x30, 0x39], [0x41, 0x46], [0x61, 0x66]);

/**
 * One character inside a string: well-formed UTF-8 (RFC 3629, section 4), or an escape, but for halves of surrogate
 * pairs. So an escape is one character as well, and lengths can be counted. U+FFFD is left out, since detokenisers write
 * it for what is no character, and nobody could tell the two apart in a text.
 */
const character: Pattern = choice(
  byteIn([0x20, 0x21], [0x23, 0x5b], [0x5d, 0x7f]),
  sequence(byteIn([0xc2, 0xdf]), tail),
  sequence(byteIn([0xe0, 0xe0]), byteIn([0xa0, 0xbf]), tail),
  sequence(byteIn([0xe1, 0xec], [0xee, 0xee]), tail, tail),
  sequence(byteIn([0xef, 0xef]), byteIn([0x80, 0xbe]), tail),
  sequence(byteIn([0xef, 0xef]), byteIn([0xbf, 0xbf]), byteIn([0x80, 0xbc], [0xbe, 0xbf])),
  sequence(byteIn([0xed, 0xed]), byteIn([0x80, 0x9f]), tail),
  sequence(byteIn([0xf0, 0xf0]), byteIn([0x90, 0xbf]), tail, tail),
  sequence(byteIn([0xf1, 0xf3]), tail, tail, tail),
  sequence(byteIn([0xf4, 0xf4]), byteIn([0x80, 0x8f]), tail, tail),
  sequence(
    literal("\\"),
    choice(
      oneOf('"\\/bfnrt'),
      sequence(literal("u"), oneOf("0123456789abcefABCEF"), hex, hex, hex),
      sequence(literal("u"), oneOf("dD"), byteIn([0x30, 0x37]), hex, hex),
    ),
  ),
);

export function string(min = 0, max = Number.POSITIVE_INFINITY): Pattern {
  return sequence(literal('"'), repeat(character, min, max), literal('"'));
}

const digit = byteIn([0x30, 0x39]);

/** At most 15 digits, which every reader of JSON holds exactly; only those from 0 on unless it may be negative. */
export function integer(negative = true): Pattern {
  const digits = choice(literal("0"), sequence(byteIn([0x31, 0x39]), repeat(digit, 0, 14)));
  return negative ? sequence(repeat(literal("-"), 0, 1), digits) : digits;
}

export function number(negative = true): Pattern {
  return sequence(
    integer(negative),
    repeat(sequence(literal("."), repeat(digit, 1, 15)), 0, 1),
    repeat(sequence(oneOf("eE"), repeat(oneOf("+-"), 0, 1), repeat(digit, 1, 2)), 0, 1),
  );
}

export const boolean: Pattern = choice(literal("true"), literal("false"));

export function array(item: Pattern, min = 0, max = Number.POSITIVE_INFINITY): Pattern {
  const further = repeat(sequence(literal(","), gap, item), Math.max(0, min - 1), max - 1);
  const items = max === 0 ? nothing : sequence(item, further, gap);
  return sequence(literal("["), gap, min === 0 && max > 0 ? choice(nothing, items) : items, literal("]"));
}

/** An object with keys of the model's own making. */
export function record(value: Pattern): Pattern {
  const member = sequence(string(), literal(":"), gap, value);
  const members = sequence(member, repeat(sequence(literal(","), gap, member), 0), gap);
  return sequence(literal("{"), gap, choice(nothing, members), literal("}"));
}

export interface Property {
  readonly key: string;
  readonly value: Pattern;
  readonly required: boolean;
}

/** An object with these properties and no others, in this order; those not required may be left out. */
export function object(properties: readonly Property[]): Pattern {
  const close = literal("}");
  const end = sequence(gap, close);
  /** What may come where a property may, those after each of them included; and what after its value. */
  let members: Pattern | undefined;
  let rest: Pattern = end;
  let mustGoOn = false;
  for (const { key, value, required } of properties.toReversed()) {
    const member = sequence(literal(JSON.stringify(key)), literal(":"), gap, value, rest);
    members = required || members === undefined ? member : choice(member, members);
    mustGoOn ||= required;
    const further = sequence(literal(","), gap, members);
    rest = mustGoOn ? further : choice(further, end);
  }
  if (members === undefined) return sequence(literal("{"), end);
  return sequence(literal("{"), gap, mustGoOn ? members : choice(members, close));
}

const anyNamed: Extract<Pattern, { kind: "named" }> = { kind: "named", name: "any" };

/** An object of any shape. */
export const anyObject: Pattern = record(anyNamed);

/** Any JSON value. */
export const anyValue: Pattern = choice(
  anyObject,
  array(anyNamed),
  string(),
  number(),
  boolean,
  literal("null"),
);
anyNamed.pattern = anyValue;
