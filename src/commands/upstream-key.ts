import { readFileSync } from "node:fs";
import { HoldfastError } from "../protocol/errors.ts";
import type { KeySource } from "../protocol/upstreams.ts";

/** The key an upstream's entry names, from where it is kept. Throws HoldfastError `key-missing` (fault user). */
export function readKey(
  source: KeySource,
  upstream: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const where = source.from === "env" ? `environment variable ${source.name}` : `file ${source.path}`;
  const key = (source.from === "env" ? environment[source.name] : readFile(source.path))?.trim();
  // Anything else would break the header, and an error about a header could quote the key.
  if (key !== undefined && /^[\x21-\x7e]+$/.test(key)) return key;
  throw new HoldfastError(
    `The key of upstream ${upstream} ${key ? "holds a blank or odd character" : "is not there"}.`,
    {
      code: "key-missing",
      fault: "user",
      remedy: `Put the key into the ${where}, or leave out key= if the upstream needs none.`,
      facts: { upstream, source: where },
    },
  );
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
