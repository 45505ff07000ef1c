import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { type Fault, HoldfastError } from "../../protocol/errors.ts";

/** Whose words they are: its name for people, and where its standard error goes. */
interface Speaker {
  readonly name: string;
  readonly log: string;
}

/** Longest first line, bytes; a child that prints more without a line end is not one of ours. */
const lineBytesMax = 64 * 1024;

/**
 * The first line a child prints, a JSON object, by which it says that it works. Rejects with HoldfastError: the child's
 * own error where it told one, else `child-ended` (fault holdfast). Nobody has to await it.
 */
export function firstWords(
  child: ChildProcess,
  speaker: Speaker,
  ended: Promise<string>,
): Promise<Record<string, unknown>> {
  const line = new Promise<Record<string, unknown>>((resolve, reject) => {
    let text = "";
    const onData = (data: string) => {
      text += data;
      const end = text.indexOf("\n");
      if (end < 0 && text.length < lineBytesMax) return;
      child.stdout?.off("data", onData).resume();
      try {
        const said = JSON.parse(text.slice(0, end)) as Record<string, unknown>;
        if (said["error"] === undefined) resolve(said);
        else reject(toldError(said["error"] as Record<string, unknown>, speaker));
      } catch {
        reject(childEnded(speaker, "did not say that it works", "unreadable"));
      }
    };
    child.stdout?.setEncoding("utf8").on("data", onData);
    void ended.then((how) => {
      // Its last line may still be on the way.
      setImmediate(() => reject(childEnded(speaker, "ended while starting", how)));
    });
  });
  // Whoever awaits it is told; nobody awaiting it is no crash.
  line.catch(() => {});
  return line;
}

/** A child that did not come to work; its last words are told. */
export function childEnded({ name, log }: Speaker, what: string, how: string): HoldfastError {
  return new HoldfastError(`${name} ${what}.`, {
    code: "child-ended",
    fault: "holdfast",
    facts: { how, log, said: lastWords(log) },
    remedy: "Its log, named above, tells why.",
  });
}

/** The error a child told on its way out, as its own: the person fixing it should not have to look for it. */
function toldError(told: Record<string, unknown>, { name, log }: Speaker): HoldfastError {
  return new HoldfastError(`${name}: ${String(told["message"])}`, {
    code: String(told["code"]),
    fault: (told["fault"] ?? "holdfast") as Fault,
    facts: { ...(told["facts"] as Record<string, string | number>), log },
    ...(typeof told["remedy"] === "string" ? { remedy: told["remedy"] } : {}),
  });
}

function lastWords(log: string): string {
  try {
    return readFileSync(log, "utf8").trimEnd().split("\n").slice(-5).join("\n    ");
  } catch {
    return "";
  }
}
