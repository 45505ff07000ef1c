import { pino } from "pino";
import type { Log } from "../../ports.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface LogOptions {
  readonly level: LogLevel;
  /** "json": one object a line, for machines. "text": one readable line, for a person's terminal. */
  readonly format: "json" | "text";
  /** Facts that go with every event, such as the name of the node. */
  readonly facts?: Record<string, unknown>;
  /** Where lines go; standard error when not given, since standard output belongs to a command's result. */
  readonly write?: (line: string) => void;
}

/** Structured events through pino. A log that cannot be written never stops the work it tells of. */
export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const destination = {
    write: (line: string) => write(options.format === "text" ? readable(line) : line),
  };
  const logger = pino(
    {
      level: options.level,
      base: options.facts ?? null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: "event",
    },
    destination,
  );
  return {
    debug: (event, facts) => logger.debug(facts ?? {}, event),
    info: (event, facts) => logger.info(facts ?? {}, event),
    warn: (event, facts) => logger.warn(facts ?? {}, event),
    error: (event, facts) => logger.error(facts ?? {}, event),
  };
}

const levelNames: Readonly<Record<number, string>> = { 20: "debug", 30: "info", 40: "warn", 50: "error" };

/** `12:00:01 warn  offer.refused reason=expired peer=16Uiu2…` */
function readable(line: string): string {
  const { level, time, event, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const words = Object.entries(facts).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const clock = String(time).slice(11, 19);
  const text = [clock, (levelNames[Number(level)] ?? "").padEnd(5), event, ...words].join(" ");
  // Some facts are strangers' words: they must neither begin a line of their own nor steer the terminal.
  return `${text.replace(/\p{Cc}/gu, " ")}\n`;
}
