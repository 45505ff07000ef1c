/**
 * Changes members of a JSON object without re-reading the rest: numbers larger than JavaScript's, key order and
 * fields nobody here knows stay byte for byte. `text` must be valid JSON with an object at the top.
 *
 * Each entry of `changes` replaces every member of that name with the given JSON text, or removes it (undefined); a
 * name that is not there is added at the front.
 */
export function editMembers(text: string, changes: Readonly<Record<string, string | undefined>>): string {
  const missing = new Map(Object.entries(changes));
  const kept: string[] = [];
  for (const { name, start, valueStart, end } of members(text)) {
    if (!Object.hasOwn(changes, name)) {
      kept.push(text.slice(start, end));
      continue;
    }
    const value = changes[name];
    missing.delete(name);
    if (value !== undefined) kept.push(text.slice(start, valueStart) + value);
  }
  const added: string[] = [];
  for (const [name, value] of missing) {
    if (value !== undefined) added.push(`${JSON.stringify(name)}:${value}`);
  }
  return `{${[...added, ...kept].join(",")}}`;
}

/** Puts one member at the front of an object; in place of those of that name. */
export function withMember(text: string, name: string, value: string): string {
  if (text.includes(`"${name}"`)) return editMembers(text, { [name]: value });
  const open = text.indexOf("{") + 1;
  const rest = text.slice(open);
  return `{"${name}":${value}${rest.trimStart().startsWith("}") ? "" : ","}${rest}`;
}

/** JSON text of one member's value, as written; the last one when the name is there more than once. */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined;
  for (const member of members(text)) {
    if (member.name === name) found = text.slice(member.valueStart, member.end);
  }
  return found;
}

interface Member {
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** Members of the object at the top, with where they stand in the text. */
function* members(text: string): Generator<Member> {
  let at = skipSpace(text, text.indexOf("{") + 1);
  while (at < text.length && text[at] !== "}") {
    const start = at;
    const nameEnd = stringEnd(text, start);
    const written = text.slice(start, nameEnd);
    const name = written.includes("\\") ? (JSON.parse(written) as string) : written.slice(1, -1);
    const valueStart = skipSpace(text, text.indexOf(":", nameEnd) + 1);
    const end = valueEnd(text, valueStart);
    yield { name, start, valueStart, end };
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
}

const quote = 0x22;
const backslash = 0x5c;

/** Index after the closing quote of the string that starts at `at`. */
function stringEnd(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (code === quote) return end + 1;
    end += code === backslash ? 2 : 1;
  }
  return text.length;
}

/** Index after the value that starts at `at`. */
function valueEnd(text: string, at: number): number {
  let depth = 0;
  let end = at;
  while (end < text.length) {
    const char = text[end];
    if (char === '"') {
      end = stringEnd(text, end);
      if (depth === 0) return end;
      continue;
    }
    if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") {
      if (depth === 0) return trimEnd(text, end);
      depth -= 1;
      if (depth === 0) return end + 1;
    } else if (char === "," && depth === 0) return trimEnd(text, end);
    end += 1;
  }
  return trimEnd(text, end);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1;
  return at;
}

function trimEnd(text: string, from: number): number {
  let at = from;
  while (at > 0 && text.charCodeAt(at - 1) <= 0x20) at -= 1;
  return at;
}
