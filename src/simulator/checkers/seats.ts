import type { World } from "../world.ts";

/** After all jobs have ended nobody holds anything: no engine a sequence, no gateway a job or a provider's seat. */
export function checkSeats({ nodes, gateways }: World): string[] {
  const engines = nodes
    .filter(({ engine }) => engine.taken() > 0)
    .map(({ index, engine }) => `node ${index} still holds ${engine.taken()} sequences`);
  const jobs = gateways.flatMap(({ name, backend }) => {
    const { running, providers } = backend().status() as { running: number; providers?: Standing[] };
    const seats = (providers ?? []).filter((provider) => provider.running > 0);
    return [
      ...(running > 0 ? [`${name} still runs ${running} jobs`] : []),
      ...seats.map(({ peer, running }) => `${name} still counts ${running} attempts at ${peer}`),
    ];
  });
  return [...engines, ...jobs];
}

interface Standing {
  readonly peer: string;
  readonly running: number;
}
