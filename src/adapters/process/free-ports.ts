import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";
import { HoldfastError } from "../../protocol/errors.ts";

/**
 * `count` different ports of 127.0.0.1 that nobody listens on right now. All are held until the last is known, so that
 * none is named twice; between this call and their use another program could still take one. So they come from below
 * the range that Linux gives to outgoing connections: from within it, now and then the network's own
 * first connections took a port that a provider was about to listen on.
 * `preferred` (those of an earlier run) are taken where they are free, so that addresses others remember stay true.
 */
export async function freePorts(count: number, preferred: readonly number[] = []): Promise<number[]> {
  const held: Server[] = [];
  try {
    const ports: number[] = [];
    for (let index = 0; index < count; index++) {
      const server = (await holdFirst([preferred[index], ...candidates()])) ?? (await hold(0));
      if (server === undefined) {
        throw new HoldfastError("No free port could be found on 127.0.0.1.", {
          code: "no-free-port",
          fault: "environment",
          remedy: "Check that this user may open sockets on the loopback interface.",
        });
      }
      held.push(server);
      ports.push((server.address() as { port: number }).port);
    }
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function candidates(): number[] {
  return Array.from({ length: 32 }, () => randomInt(portLeast, portsEnd));
}

const portLeast = 20_000;
/** `net.ipv4.ip_local_port_range` begins here unless somebody changed it. */
const portsEnd = 32_768;

async function holdFirst(ports: ReadonlyArray<number | undefined>): Promise<Server | undefined> {
  for (const port of ports) {
    const server = port === undefined ? undefined : await hold(port);
    if (server !== undefined) return server;
  }
  return undefined;
}

/** Is this port of 127.0.0.1 free to listen on? */
export async function isPortFree(port: number): Promise<boolean> {
  const server = await hold(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

function hold(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}
