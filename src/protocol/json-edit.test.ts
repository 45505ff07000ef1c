import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { editMembers, memberText, withMember } from "./json-edit.ts";

describe("editing members of a JSON object", () => {
  test("keeps everything else byte for byte", () => {
    const text =
      '{ "model" : "a", "seed": 12345678901234567890, "x":[{"model":"in"}, "}"] , "holdfast": {"a":1}}';
    expect(editMembers(text, { model: '"b"', holdfast: undefined })).toBe(
      '{"model" : "b","seed": 12345678901234567890,"x":[{"model":"in"}, "}"]}',
    );
  });

  test("adds what is missing, sees through escapes and changes every duplicate", () => {
    expect(editMembers("{}", { a: "1" })).toBe('{"a":1}');
    expect(editMembers('{"\\u006dodel":"a","model":"b"}', { model: '"c"' })).toBe(
      '{"\\u006dodel":"c","model":"c"}',
    );
  });

  test("puts a member in front, and only once", () => {
    expect(withMember(' {"a":1}', "holdfast", "{}")).toBe('{"holdfast":{},"a":1}');
    expect(withMember("{ }", "holdfast", "{}")).toBe('{"holdfast":{} }');
    expect(JSON.parse(withMember('{"a":{"holdfast":2},"holdfast":3}', "holdfast", "1"))).toEqual({
      a: { holdfast: 2 },
      holdfast: 1,
    });
  });

  test("agrees with parsing for any object", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue()).filter((one) => !("__proto__" in one));
    fc.assert(
      fc.property(
        object,
        fc.string(),
        fc.jsonValue(),
        fc.constantFrom(0, 2),
        (value, name, change, indent) => {
          fc.pre(name !== "__proto__");
          const text = JSON.stringify(value, null, indent);
          const edited = JSON.parse(editMembers(text, { [name]: JSON.stringify(change) }));
          expect(edited).toEqual(JSON.parse(JSON.stringify({ ...value, [name]: change })));
          const without = JSON.parse(editMembers(text, { [name]: undefined }));
          expect(Object.hasOwn(without, name)).toBe(false);
          if (Object.hasOwn(value, name)) {
            expect(JSON.parse(memberText(text, name) ?? "")).toEqual(JSON.parse(JSON.stringify(value[name])));
          }
        },
      ),
    );
  });
});
