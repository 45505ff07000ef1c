/**
 * Stop strings, found across deliveries. Text that may be the beginning of one is withheld until it is known; the
 * stop string itself never reaches the application.
 */
export interface StopScan {
  /** What may leave now. */
  readonly text: string;
  /** What is withheld: the longest end of the text that some stop string begins with. */
  readonly withheld: string;
  /** A stop string was found right after `text`. */
  readonly stopped: boolean;
}

export function scanStops(stops: readonly string[], withheld: string, added: string): StopScan {
  const text = withheld + added;
  const found = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  if (found.length > 0) return { text: text.slice(0, Math.min(...found)), withheld: "", stopped: true };
  const kept = Math.max(0, ...stops.map((stop) => overlap(text, stop)));
  return {
    text: text.slice(0, text.length - kept),
    withheld: text.slice(text.length - kept),
    stopped: false,
  };
}

/** Length of the longest end of `text` that is a proper beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
