import type { ChannelHandlers } from "../../ports.ts";
import type { Order } from "../../protocol/attempt.ts";

type Handlers = ChannelHandlers<Order>;

/** What kind of attempt this is, its first order says: words are to be spoken or followed, or texts made vectors of. */
export function byFirstOrder(kinds: {
  readonly speak: () => Handlers;
  readonly embed: () => Handlers;
}): Handlers {
  let handlers: Handlers | undefined;
  return {
    message(order) {
      handlers ??= order.t === "embed" ? kinds.embed() : kinds.speak();
      handlers.message(order);
    },
    closed: (cause) => handlers?.closed(cause),
  };
}
