import type { Ms } from "../../../domain/ids.ts";
import { limits } from "../../../protocol/limits.ts";
import { gatewayClosing, type Refusal, serverError } from "../../../protocol/openai.ts";
import type { AttemptFault } from "./fault.ts";

export interface FailedAttempt {
  readonly upstream: string;
  readonly fault: AttemptFault;
}

/** There is no seat, and none will come free in time. `waitMs`: how long that would take, where it is known. */
export function allTaken(waitMs: Ms | undefined): Refusal {
  const retryAfter = Math.max(limits.retryAfterSeconds, Math.ceil((waitMs ?? 0) / 1000));
  const turn = waitMs === undefined ? "" : ` Its turn would come in about ${retryAfter} s.`;
  const message = `Every upstream of this model is at capacity.${turn} Try again then.`;
  return { status: 429, type: "rate_limit_error", message, param: null, code: "busy", retryAfter };
}

/** Nobody could answer, and nothing was sent: every cause is named, none of them quotes an upstream. */
export function nobodyAnswered(faults: readonly FailedAttempt[], code: FailureCode): Refusal {
  const causes = causesOf(faults);
  const suffix = causes === "" ? "" : `: ${causes}`;
  switch (code) {
    case "closing":
      return gatewayClosing;
    case "deadline":
      return serverError(503, `No upstream answered in time${suffix}.`, "deadline_exceeded");
    case "late":
      return serverError(
        503,
        `No upstream began in this model's share of the time${suffix}.`,
        "upstreams_failed",
      );
    default: {
      const busy = onlyBusy(faults);
      if (busy.length === 0) {
        const status = faults.length === 0 ? 503 : 502;
        return serverError(status, `No upstream could answer${suffix}.`, "upstreams_failed");
      }
      const seconds = Math.max(limits.retryAfterSeconds, Math.ceil(pauseOf(busy) / 1000));
      return busy.length === faults.length
        ? serverError(503, `Every upstream is busy${suffix}.`, "upstreams_busy", seconds)
        : serverError(503, `No upstream could answer${suffix}.`, "upstreams_failed", seconds);
    }
  }
}

/** How long whoever was at capacity, and nothing worse, is to be waited for, ms; undefined when nobody was only that. */
export function waitForBusy(faults: readonly FailedAttempt[]): Ms | undefined {
  const busy = onlyBusy(faults);
  if (busy.length === 0) return undefined;
  // Where all were, the line knows when there is room again. Whoever fails seems to have some.
  return busy.length === faults.length ? 0 : Math.max(1000 * limits.retryAfterSeconds, pauseOf(busy));
}

function onlyBusy(faults: readonly FailedAttempt[]): readonly FailedAttempt[] {
  const worse = new Set(faults.filter(({ fault }) => fault.code !== "busy").map(({ upstream }) => upstream));
  return faults.filter(({ upstream }) => !worse.has(upstream));
}

function pauseOf(busy: readonly FailedAttempt[]): Ms {
  return Math.min(...busy.map(({ fault }) => fault.retryAfterMs ?? 0));
}

export type FailureCode = "nobody" | "stuck" | "deadline" | "late" | "closing";

/** The answer broke off after it had begun. `offset`: characters (UTF-16 units) of it that stand. */
export function answerBroke(
  faults: readonly FailedAttempt[],
  code: FailureCode,
  { offset, obstacle }: { readonly offset: number; readonly obstacle: string | undefined },
): Refusal {
  const why =
    code === "closing"
      ? "the gateway is closing"
      : code === "deadline"
        ? "its time is over"
        : code === "stuck" || obstacle !== undefined
          ? `it cannot be continued safely (${obstacle ?? "something other than text was already delivered"})`
          : "no upstream could continue it";
  const causes = causesOf(faults);
  const message =
    `The answer broke off after ${offset} characters: ${why}. ` +
    `What was delivered stands; it is not the whole answer.${causes === "" ? "" : ` Causes: ${causes}.`}`;
  return serverError(502, message, code === "closing" ? "gateway_closing" : "answer_interrupted");
}

/**
 * No quorum told the same: who gave a whole answer, who had begun one, and what befell the others. `offset`: characters
 * that were agreed on and the application holds, once it holds any.
 */
export function noAgreement(
  faults: readonly FailedAttempt[],
  { quorum, whole, begun, offset }: Disagreement,
): Refusal {
  const broke =
    offset === undefined ? "" : `The answer broke off after ${offset} characters that were agreed on: `;
  const others = faults.filter(({ upstream }) => !whole.includes(upstream) && !begun.includes(upstream));
  const facts = [
    whole.length > 0 ? `${whole.join(", ")} answered` : "",
    begun.length > 0 ? `${begun.join(", ")} had begun to answer` : "",
    causesOf(others),
  ];
  const who = facts.filter((fact) => fact !== "").join("; ") || "so many could not be asked";
  const message =
    `${broke}${broke === "" ? "No" : "no"} ${quorum} upstreams gave the same answer (${who}). ` +
    "Ask for fewer witnesses, or add an upstream with the same model.";
  return serverError(502, message, "no_agreement");
}

interface Disagreement {
  readonly quorum: number;
  readonly whole: readonly string[];
  readonly begun: readonly string[];
  readonly offset: number | undefined;
}

/** Each upstream once, with the last thing that happened to it: a second try of the same fault tells nothing new. */
function causesOf(faults: readonly FailedAttempt[]): string {
  const lastOf = new Map(faults.map(({ upstream, fault }) => [upstream, fault]));
  const shown = [...lastOf]
    .slice(-causesShownMax)
    .map(([upstream, fault]) => `${upstream} ${fault.code} (${fault.detail})`);
  return shown.join(", ");
}

const causesShownMax = 8;
