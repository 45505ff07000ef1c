import type { Ms } from "../../../domain/ids.ts";
import type { Clock, Upstreams } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";
import { endpointUrl } from "../../../protocol/upstreams.ts";
import type { ModelCard } from "../backend.ts";
import type { Fleet } from "./fleet.ts";
import type { Member } from "./member.ts";
import { headersFor } from "./request.ts";

/** Which models the upstreams say they serve. It only helps to choose: a list that cannot be had hides nobody. */
export class Catalogue {
  readonly #ports: { readonly upstreams: Upstreams; readonly clock: Clock };
  readonly #fleet: Fleet;
  #freshUntil: Ms = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(ports: { readonly upstreams: Upstreams; readonly clock: Clock }, fleet: Fleet) {
    this.#ports = ports;
    this.#fleet = fleet;
  }

  /** Asks every upstream once, unless it was done lately. Bounded in time; never rejects. */
  refresh(): Promise<void> {
    if (this.#ports.clock.now() < this.#freshUntil) return Promise.resolve();
    this.#reading ??= Promise.all(this.#fleet.members.map((member) => this.#read(member))).then(() => {
      this.#reading = undefined;
      this.#freshUntil = this.#ports.clock.now() + limits.catalogueMsMax;
    });
    return this.#reading;
  }

  /** Every model that may be asked for, with who serves it. */
  cards(): ModelCard[] {
    const servers = new Map<string, string[]>();
    for (const { target, catalogue } of this.#fleet.members) {
      // An upstream with a name of its own for the model serves it under that one name.
      const names = target.model === undefined ? (catalogue ?? []) : [target.model];
      for (const name of names) servers.set(name, [...(servers.get(name) ?? []), target.name]);
    }
    return [...servers].map(([id, upstreams]) => ({ id, ownedBy: upstreams[0]!, facts: { upstreams } }));
  }

  #read(member: Member): Promise<void> {
    return new Promise((resolve) => {
      let status = 0;
      let body = "";
      const cancelTimer = this.#ports.clock.after(limits.catalogueWaitMsMax, () => {
        exchange.abort();
        missing(`no answer within ${limits.catalogueWaitMsMax} ms`);
      });
      const missing = (reason: string, away = false) => {
        cancelTimer();
        member.listFault = { reason, away, at: this.#ports.clock.now() };
        resolve();
      };
      const ended = () => {
        if (status !== 200) return missing(`status ${status}`);
        const ids = modelIds(body);
        if (ids === undefined) return missing("its answer is no list of models");
        cancelTimer();
        member.catalogue = ids;
        member.listFault = undefined;
        resolve();
      };
      const exchange = this.#ports.upstreams.send(
        {
          method: "GET",
          url: endpointUrl(member.target.url, "models"),
          headers: headersFor(member.target),
        },
        {
          answered: (given) => {
            status = given;
          },
          piece: (text) => {
            body += text;
            if (body.length <= limits.upstreamErrorCharsMax) return;
            exchange.abort();
            missing(`more than ${limits.upstreamErrorCharsMax} characters`);
          },
          ended,
          failed: ({ code, detail }) => missing(`${code} (${detail})`, code === "unreachable"),
        },
      );
    });
  }
}

function modelIds(body: string): Set<string> | undefined {
  try {
    const { data } = JSON.parse(body);
    const ids: unknown[] = data.map(({ id }: { id: unknown }) => id);
    return new Set(ids.filter((id) => typeof id === "string"));
  } catch {
    return undefined;
  }
}
