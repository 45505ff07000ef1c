/** Figures for people: one a line, names as in the JSON. */
export function tableOf(facts: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(facts).map((name) => name.length));
  return Object.entries(facts)
    .map(([name, value]) => `${name.padEnd(width)}  ${wordsOf(value)}`)
    .join("\n");
}

function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join("\n  ");
  if (typeof value !== "object" || value === null) return String(value ?? "–");
  const parts = Object.entries(value).map(([name, part]) => `${name} ${part}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}
