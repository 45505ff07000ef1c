import { scanStops } from "../../../domain/inference/stops.ts";

/** Stop strings over one choice's deliveries: text leaves as soon as it cannot be the beginning of one. */
export interface Stopper {
  take(added: string): string;
  /** What was withheld, once nothing more comes. */
  rest(): string;
  stopped(): boolean;
}

export function createStopper(stops: readonly string[]): Stopper {
  let withheld = "";
  let stopped = false;
  return {
    take(added) {
      if (stopped) return "";
      const scan = scanStops(stops, withheld, added);
      withheld = scan.withheld;
      stopped = scan.stopped;
      return scan.text;
    },
    rest: () => (stopped ? "" : withheld),
    stopped: () => stopped,
  };
}
