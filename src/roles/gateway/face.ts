import type { HttpHandler, HttpRequest, Receipts, Reply } from "../../ports.ts";
import { editMembers } from "../../protocol/json-edit.ts";
import { modelsWanted } from "../../protocol/models-wanted.ts";
import { invalidRequest, isRefusal, type Refusal, serverError, unknownModel } from "../../protocol/openai.ts";
import { jobIdSchema } from "../../protocol/schemas.ts";
import type { Backend, Call, ModelCard } from "./backend.ts";

export interface FaceOptions {
  /** Facts of this process for `GET /holdfast/status`, beside the backend's. */
  readonly status?: () => Record<string, unknown>;
  /** What answers were proved by, for `GET /v1/receipts/JOB`. */
  readonly receipts?: Pick<Receipts, "get">;
}

/** The gateway's HTTP face: which path asks what of the backend. Every refusal has the OpenAI API's form. */
export function createFace(backend: Backend, options: FaceOptions = {}): HttpHandler {
  const routes: Readonly<Record<string, Route>> = {
    "/v1/chat/completions": { method: "POST", run: (request, reply) => answer(backend, request, reply) },
    "/v1/completions": { method: "POST", run: (request, reply) => answer(backend, request, reply) },
    "/v1/embeddings": { method: "POST", run: (request, reply) => answer(backend, request, reply) },
    "/v1/classify": { method: "POST", run: (request, reply) => answer(backend, request, reply) },
    "/v1/models": { method: "GET", run: (_, reply) => listModels(backend, reply) },
    "/holdfast/status": {
      method: "GET",
      run: (_, reply) => reply.json(200, { ...options.status?.(), ...backend.status() }),
    },
    "/healthz": { method: "GET", run: (_, reply) => reply.json(200, { status: "ok" }) },
  };
  /** What has a name of its own in its path. */
  function thingAt(path: string): Route | undefined {
    const model = nameIn(path, "/v1/models/");
    if (model !== undefined) return { method: "GET", run: (_, reply) => showModel(backend, model, reply) };
    const job = nameIn(path, "/v1/receipts/");
    const { receipts } = options;
    if (job === undefined || receipts === undefined) return undefined;
    return { method: "GET", run: (_, reply) => showReceipt(receipts, job, reply) };
  }

  return (asked, reply) => {
    const request = { ...asked, path: canonicalPath(asked.path) };
    const route = routes[request.path] ?? thingAt(request.path);
    if (route === undefined) return reply.refuse(unknownPath(request.path));
    // HEAD is GET whose body the server leaves out.
    const method = request.method === "HEAD" ? "GET" : request.method;
    if (route.method !== method) return refuseMethod(request, route.method, reply);
    route.run(request, reply);
  };
}

interface Route {
  readonly method: "GET" | "POST";
  run(request: HttpRequest, reply: Reply): void;
}

function answer(backend: Backend, request: HttpRequest, reply: Reply): void {
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch (error) {
    // The parser's message quotes the body, which may hold a prompt; the position is enough.
    const at = /position \d+/.exec(error instanceof Error ? error.message : "")?.[0];
    return reply.refuse(invalidRequest(`The request body is not valid JSON${at ? ` (${at})` : ""}.`));
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return reply.refuse(invalidRequest("The request body must be a JSON object."));
  }
  const models = modelsWanted(body as Record<string, unknown>);
  if (isRefusal(models)) return reply.refuse(models);
  const endpoint = request.path.replace("/v1/", "") as Call["endpoint"];
  if (
    (endpoint === "embeddings" || endpoint === "classify") &&
    (body as Record<string, unknown>)["stream"] === true
  )
    return reply.refuse(invalidRequest("This answer comes whole: `stream` cannot be true here.", "stream"));
  const { id: requestId, headers, remote } = request;
  backend.answer({
    ...{ endpoint, requestId, headers, reply },
    ...ofOneModel(body as Record<string, unknown>, request.body, models),
    ...(remote && { remote }),
  });
}

/** The request for the first of its models, the others beside it: no backend sees a list. */
function ofOneModel(
  body: Readonly<Record<string, unknown>>,
  raw: string,
  [model = "", ...others]: readonly string[],
): Pick<Call, "body" | "raw" | "others"> {
  if (!("models" in body)) return { body: { ...body, model }, raw };
  const { models: _, ...rest } = body;
  const edited = editMembers(raw, { model: JSON.stringify(model), models: undefined });
  return { body: { ...rest, model }, raw: edited, others };
}

function listModels(backend: Backend, reply: Reply): void {
  withModels(backend, reply, (cards) => reply.json(200, { object: "list", data: cards.map(modelBody) }));
}

function showModel(backend: Backend, id: string, reply: Reply): void {
  withModels(backend, reply, (cards) => {
    const card = cards.find((one) => one.id === id);
    if (card === undefined)
      return reply.refuse(
        unknownModel(
          id,
          cards.map((one) => one.id),
        ),
      );
    reply.json(200, modelBody(card));
  });
}

function withModels(backend: Backend, reply: Reply, use: (cards: readonly ModelCard[]) => void): void {
  Promise.resolve(backend.models()).then(use, () =>
    reply.refuse(serverError(500, "The list of models could not be made.", "internal_error")),
  );
}

function modelBody({ id, ownedBy, facts }: ModelCard) {
  return {
    id,
    object: "model",
    created: 0,
    owned_by: ownedBy,
    ...(facts === undefined ? {} : { holdfast: facts }),
  };
}

/**
 * Some applications add `/v1` to the base URL they are given and some do not: with none or several the same is meant.
 * What it must never mean is an endpoint that works in one application and is missing in the next.
 */
function canonicalPath(path: string): string {
  return path
    .replace(
      /^(?:\/v1)*(?=\/(?:chat\/completions|completions|embeddings|classify|models|receipts)(?:\/|$))/,
      "/v1",
    )
    .replace(/^(?:\/v1)+(?=\/(?:holdfast\/|healthz$))/, "");
}

/** What a path names after `prefix`; a model's id may hold slashes, escaped or not. */
function nameIn(path: string, prefix: string): string | undefined {
  if (!path.startsWith(prefix) || path.length === prefix.length) return undefined;
  const name = path.slice(prefix.length);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function showReceipt(receipts: Pick<Receipts, "get">, job: string, reply: Reply): void {
  const missing = () => reply.refuse(unknownReceipt);
  const { data } = jobIdSchema.safeParse(job);
  if (data === undefined) return missing();
  receipts.get(data).then((text) => (text === undefined ? missing() : reply.text(200, text)), missing);
}

const unknownReceipt: Refusal = {
  ...{ status: 404, type: "not_found_error", param: null, code: "unknown_receipt" },
  message: "There is no receipt of that answer: nothing was proved of it, or it was let go for newer ones.",
};

function unknownPath(path: string): Refusal {
  const message = `There is nothing at ${JSON.stringify(path.slice(0, 200))}. The API is under /v1.`;
  return { status: 404, type: "not_found_error", message, param: null, code: "unknown_path" };
}

function refuseMethod(request: HttpRequest, allowed: string, reply: Reply): void {
  const message = `${request.method.slice(0, 20)} is not allowed at ${request.path}; use ${allowed}.`;
  const error = { message, type: "invalid_request_error", param: null, code: "method_not_allowed" };
  reply.json(405, { error }, { allow: allowed });
}
