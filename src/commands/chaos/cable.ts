import { connect, createServer, type Socket } from "node:net";

/**
 * What can happen to the way between a gateway and a node.
 *
 *   reset    connections are reset, new ones too
 *   cut      connections are closed in the middle of whatever they carried, new ones at once
 *   netdown  nothing arrives any more, and nobody says so; new connections stand and stay mute
 */
export const severances = ["reset", "cut", "netdown"] as const;
export type Severance = (typeof severances)[number];

/** A TCP proxy in front of one node, where its network can be broken without touching the node. */
export interface Cable {
  readonly port: number;
  /** Where the node listens. Before this is known, connections are refused. */
  aim(port: number): void;
  /** Undefined mends it: what was held back arrives, as after a cable is put back. */
  sever(how: Severance | undefined): void;
  /** How long something has gone through it without a break, ms; 0 while nothing does. */
  carriesMs(): number;
  close(): void;
}

interface Link {
  readonly near: Socket;
  readonly far: Socket;
}

export async function layCable(port: number): Promise<Cable> {
  const links = new Set<Link>();
  const mute = new Set<Socket>();
  let target: number | undefined;
  let severed: Severance | undefined;
  let carriesSince = 0;

  const server = createServer({ noDelay: true }, (near) => {
    near.on("error", () => {});
    if (severed === "netdown") return hold(near);
    if (severed === "reset") return void near.resetAndDestroy();
    if (severed === "cut" || target === undefined) return void near.destroy();
    const far = connect({ host: "127.0.0.1", port: target, noDelay: true });
    const link = { near, far };
    if (links.size === 0) carriesSince = performance.now();
    links.add(link);
    for (const [side, other] of [
      [near, far],
      [far, near],
    ] as const) {
      side.on("error", () => other.destroy());
      side.once("close", () => {
        links.delete(link);
        other.end();
      });
    }
    join(link);
  });

  function hold(near: Socket): void {
    mute.add(near);
    near.pause().once("close", () => mute.delete(near));
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port,
    aim(at) {
      target = at;
    },
    sever(how) {
      if (how === undefined && severed === "netdown") for (const link of links) join(link);
      severed = how;
      for (const link of links) if (how !== undefined) breaks[how](link);
      // These never had another end; with it back, whoever waits has to begin anew.
      if (how === undefined) for (const near of mute) near.destroy();
    },
    carriesMs: () => (links.size === 0 || severed !== undefined ? 0 : performance.now() - carriesSince),
    close() {
      server.close();
      for (const { near, far } of links) for (const side of [near, far]) side.destroy();
      for (const near of mute) near.destroy();
    },
  };
}

function join({ near, far }: Link): void {
  near.pipe(far);
  far.pipe(near);
}

const breaks: Readonly<Record<Severance, (link: Link) => void>> = {
  reset({ near, far }) {
    near.resetAndDestroy();
    far.resetAndDestroy();
  },
  cut({ near, far }) {
    near.end();
    far.end();
  },
  netdown({ near, far }) {
    near.unpipe(far).pause();
    far.unpipe(near).pause();
  },
};
