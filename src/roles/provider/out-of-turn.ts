import { HoldfastError } from "../../protocol/errors.ts";

/** The gateway ordered what cannot be done at this point of the attempt. */
export function outOfTurn(what: string): HoldfastError {
  return new HoldfastError(`out of turn: ${what}`, { code: "bad-request", fault: "peer" });
}
