import type { Child, Children } from "../adapters/process/children.ts";
import type { ConfigKey } from "../protocol/config.ts";
import type { Place } from "./local-place.ts";
import { childEnvironment, flagOf, type Settings } from "./settings.ts";

/** Starts one node of a local network at its place. */
export function startChild(
  children: Children,
  settings: Settings,
  place: Place,
  args: readonly string[],
): Child {
  // As this process was started: from the sources, from their bundle, or from an installed package.
  const main = process.argv[1] ?? "";
  // Less than Node's own 16 MB, three times which a process comes to hold. With 2 a provider under load took 15 % more time.
  const isProvider = args[0] === "provider";
  const level = settings.logLevel === undefined ? [] : ["--log-level", settings.logLevel];
  return children.start({
    name: place.name,
    args: [`--max-semi-space-size=${isProvider ? 8 : 4}`, main, ...args, ...level],
    env: { ...(isProvider && hugePages), ...childEnvironment(process.env) },
    log: place.log,
  });
}

/**
 * The GNU C library then asks for huge pages for large buffers. The kernel closes a killed process's connections only
 * after it has freed its memory, and its peers learn of its death by that: measured 25 ms with them, 85 ms without.
 * Only providers hold a model; in a gateway they would be 10 MB more than it needs.
 */
const hugePages = { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" };

/** Bootstrap addresses each node is given: several, so that none of them is needed. */
const bootstrapsMax = 4;

/** The flags that every node is given: where it is, and whom it meets first. */
export function placeFlags(own: Place, all: readonly Place[], rpc: string): string[] {
  const others = all.filter(({ home }) => home !== own.home).slice(0, bootstrapsMax);
  return [
    ...["--json", "--local", "--home", own.home, "--listen", "127.0.0.1"],
    ...["--peer-port", String(own.peerPort), "--rpc", rpc],
    ...others.flatMap(({ multiaddr }) => ["--bootstrap", multiaddr]),
  ];
}

/** Settings that are the children's to heed, as flags. */
export function settingFlags(settings: Settings, keys: readonly ConfigKey[]): string[] {
  return keys.flatMap((key) => {
    const value = settings[key] ?? [];
    return [value].flat().flatMap((one) => [flagOf(key), String(one)]);
  });
}
