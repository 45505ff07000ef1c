import type { UpstreamRequest } from "../../../ports.ts";
import { editMembers, memberText } from "../../../protocol/json-edit.ts";
import { endpointUrl } from "../../../protocol/upstreams.ts";
import type { Call } from "../backend.ts";
import type { Attempt } from "./attempt.ts";

/** One configured upstream, with its key in hand. */
export interface UpstreamTarget {
  readonly name: string;
  readonly url: string;
  readonly key?: string;
  readonly model?: string;
  readonly slots?: number;
  readonly price?: number;
  readonly domain?: string;
  readonly forwardAuth: boolean;
}

/**
 * How a server is told to go on from an assistant message. "flags": vLLM's and SGLang's two fields beside it;
 * "plain": the message alone, as others understand it. Text completions need neither.
 */
export type PrefillStyle = "flags" | "plain";

/** The application's request as one upstream gets it: its own bytes, but for what must differ. */
export function requestFor(
  call: Call,
  { member, plan, style, given }: Pick<Attempt, "member" | "plan" | "style" | "given">,
): UpstreamRequest {
  const { target } = member;
  const changes: Record<string, string | undefined> = {};
  if (target.model !== undefined) changes["model"] = JSON.stringify(target.model);
  if ("holdfast" in call.body) changes["holdfast"] = undefined;
  if (plan.how === "prefill") Object.assign(changes, prefillChanges(call, plan.prefix, style, given));
  const unchanged = Object.keys(changes).length === 0;
  return {
    method: "POST",
    url: endpointUrl(target.url, call.endpoint),
    headers: headersFor(target, call),
    body: unchanged ? call.raw : editMembers(call.raw, changes),
  };
}

/** Nothing of the application's headers goes on by itself: they may hold another service's key. */
export function headersFor(target: UpstreamTarget, call?: Call): Record<string, string> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (call !== undefined) {
    headers["content-type"] = "application/json";
    if (call.body["stream"] === true) headers["accept"] = "text/event-stream";
    for (const name of headersPassed) {
      const value = call.headers[name];
      if (value !== undefined) headers[name] = value;
    }
  }
  if (target.key !== undefined) headers["authorization"] = `Bearer ${target.key}`;
  else if (target.forwardAuth && call?.headers["authorization"] !== undefined) {
    headers["authorization"] = call.headers["authorization"];
  }
  return headers;
}

const headersPassed = ["openai-beta", "traceparent", "tracestate"];

function prefillChanges(
  { endpoint, body, raw }: Call,
  prefix: string,
  style: PrefillStyle,
  given: number,
): Record<string, string> {
  const changes: Record<string, string> = {};
  for (const name of ["max_tokens", "max_completion_tokens"]) {
    const max = body[name];
    // What was said already counts.
    if (typeof max === "number") changes[name] = String(Math.max(1, max - given));
  }
  if (endpoint === "completions") {
    changes["prompt"] = JSON.stringify(`${body["prompt"]}${prefix}`);
    return changes;
  }
  const messages = (memberText(raw, "messages") ?? "[]").trimEnd().slice(0, -1);
  changes["messages"] = `${messages},${JSON.stringify({ role: "assistant", content: prefix })}]`;
  if (style === "flags") {
    changes["add_generation_prompt"] = "false";
    changes["continue_final_message"] = "true";
  }
  return changes;
}
