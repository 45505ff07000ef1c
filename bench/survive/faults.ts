import { freePorts } from "../../src/adapters/process/free-ports.ts";
import { type Cable, layCable } from "../../src/commands/chaos/cable.ts";
import type { UpstreamManner } from "./upstream-process.ts";
import { startUpstream, type UpstreamProcess } from "./upstreams.ts";

/**
 * What befalls an upstream. Of "stall" its sockets stay and answer pings, of "hang" the whole process stands still, of
 * "netdown" nothing comes through any more and nobody says so.
 */
export const upstreamFaults = [
  ...(["kill", "hang", "stall", "reset", "cut", "slow", "500", "garbage", "netdown"] as const),
];
export type UpstreamFault = (typeof upstreamFaults)[number];

/** Ten upstreams of which some are hurt and healed again, on the ports they had. */
export class Rig {
  readonly upstreams: UpstreamProcess[] = [];
  readonly #manners: Array<Omit<UpstreamManner, "port">> = [];
  #cables: Cable[] = [];

  /** `cabled`: each is reached through a proxy, where its network can be broken. */
  static async start(count: number, tokenMs: number, cabled: boolean): Promise<Rig> {
    const rig = new Rig();
    for (let index = 0; index < count; index++) {
      // Every other one goes on from a begun answer; the rest can only be asked again.
      const manner = { tokenMs, prefill: index % 2 === 0 };
      rig.#manners.push(manner);
      rig.upstreams.push(await startUpstream(manner));
    }
    if (cabled) {
      rig.#cables = await Promise.all((await freePorts(count)).map(layCable));
      for (const [index, cable] of rig.#cables.entries()) cable.aim(portOf(rig.upstreams[index]!.url));
    }
    return rig;
  }

  get urls(): string[] {
    return this.upstreams.map(({ url }, index) => {
      const cable = this.#cables[index];
      return cable === undefined ? url : url.replace(`:${portOf(url)}`, `:${cable.port}`);
    });
  }

  /** Which upstream has this name (host and port). */
  indexOf(name: string): number {
    return this.urls.findIndex((url) => new URL(url).host === name);
  }

  /** Does the upstream of this name take up a begun answer? */
  prefills(name: string): boolean {
    return this.#manners[this.indexOf(name)]?.prefill ?? false;
  }

  hurt(victims: readonly number[], fault: UpstreamFault): void {
    for (const index of victims) {
      const upstream = this.upstreams[index]!;
      if (fault === "kill") upstream.signal("SIGKILL");
      else if (fault === "hang") upstream.signal("SIGSTOP");
      else if (fault === "netdown") this.#cables[index]!.sever(fault);
      else upstream.say(fault);
    }
  }

  async heal(victims: readonly number[], fault: UpstreamFault): Promise<void> {
    for (const index of victims) {
      const upstream = this.upstreams[index]!;
      this.#cables[index]?.sever(undefined);
      if (fault === "hang") upstream.signal("SIGCONT");
      else if (fault !== "kill") upstream.say(undefined);
      else {
        await upstream.stop();
        this.upstreams[index] = await startUpstream(this.#manners[index]!, portOf(upstream.url));
      }
    }
  }

  async stop(): Promise<void> {
    for (const cable of this.#cables) cable.close();
    await Promise.all(this.upstreams.map((upstream) => upstream.stop()));
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
