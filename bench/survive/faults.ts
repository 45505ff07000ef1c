import type { UpstreamManner } from "./upstream-process.ts";
import { startUpstream, type UpstreamProcess } from "./upstreams.ts";

/** What befalls an upstream. Of "stall" its sockets stay and answer pings, of "hang" the whole process stands still. */
export const faults = ["kill", "hang", "stall", "reset", "cut", "slow", "500", "garbage"] as const;
export type FaultName = (typeof faults)[number];

/** Ten upstreams of which some are hurt and healed again, on the ports they had. */
export class Rig {
  readonly upstreams: UpstreamProcess[] = [];
  readonly #manners: Array<Omit<UpstreamManner, "port">> = [];

  static async start(count: number, tokenMs: number): Promise<Rig> {
    const rig = new Rig();
    for (let index = 0; index < count; index++) {
      // Every other one goes on from a begun answer; the rest can only be asked again.
      const manner = { tokenMs, prefill: index % 2 === 0 };
      rig.#manners.push(manner);
      rig.upstreams.push(await startUpstream(manner));
    }
    return rig;
  }

  get urls(): string[] {
    return this.upstreams.map(({ url }) => url);
  }

  /** Does the upstream of this name (host and port) take up a begun answer? */
  prefills(name: string): boolean {
    return this.#manners[this.upstreams.findIndex(({ url }) => url.includes(name))]?.prefill ?? false;
  }

  hurt(victims: readonly number[], fault: FaultName): void {
    for (const index of victims) {
      const upstream = this.upstreams[index]!;
      if (fault === "kill") upstream.signal("SIGKILL");
      else if (fault === "hang") upstream.signal("SIGSTOP");
      else upstream.say(fault);
    }
  }

  async heal(victims: readonly number[], fault: FaultName): Promise<void> {
    for (const index of victims) {
      const upstream = this.upstreams[index]!;
      if (fault === "hang") upstream.signal("SIGCONT");
      else if (fault !== "kill") upstream.say(undefined);
      else {
        await upstream.stop();
        const port = Number(new URL(upstream.url).port);
        this.upstreams[index] = await startUpstream(this.#manners[index]!, port);
      }
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.upstreams.map((upstream) => upstream.stop()));
  }
}
