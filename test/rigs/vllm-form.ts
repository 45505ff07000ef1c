import { createServer, type ServerResponse } from "node:http";
import type { TokenId } from "../../src/domain/ids.ts";
import type { Candidate } from "../../src/domain/verification/sampler.ts";
import type { TokenEngine, TokenSequence } from "../../src/ports.ts";
import { onLoopback } from "./loopback.ts";

/**
 * Completions in vLLM's form, with the logits of the embedded engine in them: no vLLM, which takes minutes to install and to
 * start (vllm-server.ts), but real numbers of a real model in its answers.
 */
export async function serveVllmForm(engine: TokenEngine) {
  const reader = createReader(engine);
  let turn: Promise<unknown> = Promise.resolve();

  const { url, stop } = await onLoopback(
    createServer(async (request, response) => {
      let text = "";
      for await (const piece of request) text += piece;
      if (request.url === "/version") return say(response, { version: "0.11.0" });
      if (request.url === "/v1/models")
        return say(response, { data: [{ id: "served", max_model_len: engine.contextTokens }] });
      const work = turn.then(() => complete(JSON.parse(text)));
      turn = work.catch(() => undefined);
      return work.then((value) => say(response, value)).catch(() => response.writeHead(500).end());
    }),
  );

  async function complete(body: { prompt: TokenId[]; logprobs?: number; prompt_logprobs?: number }) {
    const { prompt, logprobs, prompt_logprobs } = body;
    const { positions, next } = await reader(prompt);
    const top = Object.fromEntries(next.map(({ id, logit }) => [`token_id:${id}`, logit]));
    const choice = {
      ...{ index: 0, text: "", finish_reason: "length", prompt_token_ids: prompt },
      logprobs: logprobs === undefined ? null : { top_logprobs: [top] },
      prompt_logprobs: prompt_logprobs === undefined ? null : [null, ...positions.map(shown)],
    };
    return { id: "cmpl-1", object: "text_completion", model: "served", choices: [choice] };
  }

  return { url, stop };
}

/** Candidates at each position of a text from its second token on, each with the one that stands there, and after it. */
function createReader(engine: TokenEngine) {
  const { signal } = new AbortController();
  let ids: TokenId[] = [];
  let positions: Candidate[][] = [];
  let sequence: TokenSequence | undefined;

  return async (prompt: readonly TokenId[]) => {
    if (sequence === undefined || prompt[0] !== ids[0]) await begin(prompt[0]!);
    let met = 1;
    while (met < prompt.length && prompt[met] === ids[met]) met += 1;
    await sequence!.keep(met - 1);
    positions = positions.slice(0, met - 1);
    for (let at = met; at < prompt.length; at += 32) {
      const read = prompt.slice(at, at + 32);
      const lists = await sequence!.judge(read, signal);
      for (const [offset, id] of read.entries()) {
        const list = lists[offset]!;
        const isListed = list.some((each) => each.id === id);
        const [logit] = isListed ? [] : await sequence!.logitsOf(at + offset - 1, [id], signal);
        positions.push(normal(isListed ? list : [...list, { id, logit: logit! }]));
      }
    }
    ids = [...prompt];
    return { positions, next: normal(await sequence!.next([], signal)) };
  };

  /** The first token alone is the prompt, or nothing where it is no text; what follows is read as an answer to it. */
  async function begin(id: TokenId): Promise<void> {
    await closed();
    sequence = await engine.open({ kind: "text", text: "" }, 1);
    const text = sequence.text([id], []);
    await closed();
    sequence = await engine.open({ kind: "text", text }, 1);
    if (sequence.promptIds.length !== 1 || sequence.promptIds[0] !== id)
      throw new Error("it begins otherwise");
    [ids, positions] = [[id], []];
  }

  async function closed(): Promise<void> {
    sequence?.close();
    await sequence?.next([], signal).catch(() => undefined);
  }
}

function shown(list: readonly Candidate[]) {
  const entries = list.map(({ id, logit }, rank) => [
    String(id),
    { logprob: logit, rank: rank + 1, decoded_token: `token ${id}` },
  ]);
  return Object.fromEntries(entries);
}

/** As logprobs are: less one number for each position. Of the whole vocabulary's there, of those listed here. */
function normal(list: readonly Candidate[]): Candidate[] {
  const first = list[0]!.logit;
  const sum = list.reduce((all, { logit }) => all + Math.exp(logit - first), 0);
  return list.map(({ id, logit }) => ({ id, logit: Math.max(-9999, logit - first - Math.log(sum)) }));
}

function say(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(value));
}
