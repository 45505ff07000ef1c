/** What the gateway itself says of a provider, or of a plain upstream. */
export interface Seen {
  readonly peer: string;
  readonly alive?: boolean;
  readonly domain?: Readonly<Record<string, string>>;
  readonly offer?: Readonly<Record<string, unknown>>;
  readonly stake?: string;
  readonly running?: number;
  readonly models?: ReadonlyArray<{ readonly id: string; readonly name: string }>;
  readonly endpoints?: readonly string[];
  /** Only of an upstream. */
  readonly state?: "well" | "failing" | "unknown";
  readonly reason?: string | null;
}

/** One model's line at the gateway: who waits for seats, and how long a newcomer would. */
interface Queue {
  readonly model: string;
  readonly waiting: number;
  readonly clients: number;
  readonly running: number;
  readonly waitMs?: number;
  readonly refused: number;
}

export interface GatewayWords {
  readonly providers: readonly Seen[];
  readonly queue: readonly Queue[];
  /** "upstreams" where plain upstreams stand behind it. */
  readonly backend?: string;
}

/** Time the gateway has to answer, ms. It is on this machine. */
const askMsMax = 2_000;

/** What a gateway says under `/holdfast/status`; undefined when it says nothing, or not in time. */
export async function askGateway(url: string): Promise<GatewayWords | undefined> {
  try {
    const response = await fetch(new URL("/holdfast/status", url), { signal: AbortSignal.timeout(askMsMax) });
    const { providers, queue = [], backend } = (await response.json()) as Partial<GatewayWords>;
    return providers && { providers, queue, ...(backend === undefined ? {} : { backend }) };
  } catch {
    return undefined;
  }
}
