/** `npm run bench:survive`: three of ten upstreams fail at one instant, before Holdfast and before its peers. */
import { runToEnd } from "../processes.ts";
import type { RelayKind } from "./relay.ts";

// An upstream is this program too, in a process of its own that can be killed; so is a relay.
if (process.argv[2] === "upstream") {
  const { serveUpstream } = await import("./upstream-process.ts");
  await serveUpstream(JSON.parse(process.argv[3]!));
} else if (process.argv[2] === "relay") {
  const { serveRelay } = await import("./relay.ts");
  await serveRelay(Number(process.argv[3]), process.argv[4] as RelayKind);
} else {
  await runToEnd(async () => {
    if (process.argv[2] === "soak") {
      const { soak } = await import("./soak.ts");
      return soak(process.argv.slice(3));
    }
    const { bench } = await import("./bench.ts");
    await bench(process.argv.slice(2));
  });
}
