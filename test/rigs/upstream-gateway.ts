import { afterEach, expect } from "vitest";
import { startUpstreamGateway, type UpstreamGatewayOptions } from "../../src/commands/upstream-gateway.ts";
import { type Seen, silentLog } from "./ask.ts";
import { type Behaviour, startUpstream, type UpstreamRig } from "./upstream.ts";

/** What the upstreams of these tests answer, unless told otherwise. */
export const text = "The quick brown fox jumps over the lazy dog and runs far away from here.";
const closers: Array<() => Promise<void>> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export async function upstream(behaviour: Partial<Behaviour> = {}): Promise<UpstreamRig> {
  const rig = await startUpstream(behaviour);
  closers.push(() => rig.close());
  return rig;
}

export async function gatewayOver(
  entries: readonly unknown[],
  options: Partial<UpstreamGatewayOptions> = {},
): Promise<string> {
  const gateway = await startUpstreamGateway({ log: silentLog }, { port: 0, upstreams: entries, ...options });
  closers.push(() => gateway.close());
  return gateway.url;
}

/** A gateway that asks `first` first and the others in their order: its first turn begins at the second in its list. */
export async function gatewayWith(first: Partial<Behaviour>, ...others: Partial<Behaviour>[]) {
  const speaker = await upstream(first);
  const rest = await Promise.all(others.map((behaviour) => upstream(behaviour)));
  const list = [...rest.slice(-1), speaker, ...rest.slice(0, -1)];
  const url = await gatewayOver(list.map((rig) => rig.url));
  return { url, first: speaker, others: rest };
}

export function expectWhole(seen: Seen): void {
  expect(seen.error).toBeUndefined();
  expect(seen).toMatchObject({ status: 200, text, done: true, finish: "stop" });
}

export async function providersOf(url: string): Promise<Array<{ peer: string; standing: string }>> {
  const status = (await (await fetch(`${url}/holdfast/status`)).json()) as {
    providers: Array<{ peer: string; standing: string }>;
  };
  return status.providers;
}

export async function standingOf(url: string, rig: UpstreamRig): Promise<string | undefined> {
  return (await providersOf(url)).find(({ peer }) => peer === `127.0.0.1:${rig.port}`)?.standing;
}
