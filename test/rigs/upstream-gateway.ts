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

/** A gateway whose first request goes to `first`: upstreams take turns, and the second place comes first. */
export async function gatewayWith(first: Partial<Behaviour>, ...others: Partial<Behaviour>[]) {
  const rigs: UpstreamRig[] = [];
  for (const behaviour of [...others.slice(1), first, ...others.slice(0, 1)])
    rigs.push(await upstream(behaviour));
  const at = others.length === 0 ? 0 : others.length - 1;
  const ordered = [rigs[at]!, ...rigs.filter((_, index) => index !== at)];
  // The first turn begins at the second in the list.
  const url = await gatewayOver(
    [ordered[1], ordered[0], ...ordered.slice(2)].flatMap((rig) => rig?.url ?? []),
  );
  return { url, first: ordered[0]!, others: ordered.slice(1) };
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
