import type { Clock, Reply } from "../../ports.ts";
import { editMembers } from "../../protocol/json-edit.ts";
import type { Fallbacks } from "../../protocol/models-wanted.ts";
import { type Refusal, unknownModel } from "../../protocol/openai.ts";
import type { Backend, Call } from "./backend.ts";

/**
 * A backend that uses the next model when nobody serves the one before it: those the request names, else those
 * configured for its model. A refusal comes before the first content by its nature, so nothing is ever spliced.
 */
export function withFallbacks(
  { clock }: { readonly clock: Clock },
  backend: Backend,
  configured: Fallbacks,
): Backend {
  return {
    ...backend,
    answer(call) {
      const { model } = call.body;
      const others = call.others ?? (Object.hasOwn(configured, model) ? configured[model] : undefined) ?? [];
      const models = [...new Set([model, ...others])];
      if (models.length === 1) return backend.answer(call);
      const begun = clock.now();
      const refusals: Refusal[] = [];
      const next = (): void => {
        const at = refusals.length;
        const chosen = models[at];
        if (chosen === undefined) return call.reply.refuse(joined(models, refusals));
        const passed = { models: models.slice(0, at), ms: clock.now() - begun };
        const reply = unlessUnserved(call.reply, chosen, (refusal) => {
          refusals.push(refusal);
          next();
        });
        const replaceable = at + 1 < models.length;
        backend.answer({ ...(at === 0 ? call : { ...withModel(call, chosen), passed }), replaceable, reply });
      };
      next();
    },
  };
}

/** The codes with which a backend says that nobody serves the model now. Whatever else it says is the answer. */
const unserved: ReadonlySet<string | null> = new Set([
  "model_not_found",
  "no_providers",
  "busy",
  "upstreams_failed",
  "upstreams_busy",
]);

/** A reply for one model's try: `otherwise` takes a refusal that another model may spare the application. */
function unlessUnserved(reply: Reply, model: string, otherwise: (refusal: Refusal) => void): Reply {
  return {
    ...reply,
    refuse: (refusal) => (unserved.has(refusal.code) ? otherwise(refusal) : reply.refuse(refusal)),
    // An upstream's own words, which pass through as they are: 404 is its way to say that it has no such model.
    text: (status, body, headers) =>
      status === 404 ? otherwise(unknownModel(model)) : reply.text(status, body, headers),
  };
}

function withModel(call: Call, model: string): Call {
  return {
    ...call,
    body: { ...call.body, model },
    raw: editMembers(call.raw, { model: JSON.stringify(model) }),
  };
}

/** Why none of them could answer, and the soonest any of them may. */
function joined(models: readonly string[], refusals: readonly Refusal[]): Refusal {
  const [first] = refusals.toSorted((a, b) => hope(a) - hope(b));
  const reasons = refusals.map(
    ({ message }, at) => `${JSON.stringify(models[at]?.slice(0, 200))}: ${message}`,
  );
  return { ...first!, message: `None of the models asked for can answer. ${reasons.join(" ")}` };
}

function hope({ retryAfter }: Refusal): number {
  return retryAfter ?? Number.POSITIVE_INFINITY;
}
