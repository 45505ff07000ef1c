import {
  type BaseError,
  ContractFunctionRevertedError,
  HttpRequestError,
  InsufficientFundsError,
  NonceTooHighError,
  NonceTooLowError,
  TimeoutError,
  WaitForTransactionReceiptTimeoutError,
} from "viem";
import { HoldfastError } from "../../protocol/errors.ts";

/**
 * What the chain client threw, as one of ours. Only short messages are kept: the long ones hold the endpoint's whole
 * address, and that may hold a key.
 */
export function chainError(doing: string, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const cause = new Error(failureText(error));
  if (finds(error, ContractFunctionRevertedError)) {
    return new HoldfastError(`The contract refused to ${doing}.`, {
      code: "chain-refused",
      fault: "user",
      facts: { reason: revertName(error) ?? "none given" },
      cause,
    });
  }
  if (finds(error, InsufficientFundsError)) {
    return new HoldfastError(`The paying account has no funds for the gas to ${doing}.`, {
      code: "payer-without-funds",
      fault: "user",
      remedy: "Send it some of the chain's own coin.",
      cause,
    });
  }
  const unreachable = [HttpRequestError, TimeoutError, WaitForTransactionReceiptTimeoutError].some((kind) =>
    finds(error, kind),
  );
  return new HoldfastError(`The chain could not be asked to ${doing}.`, {
    code: unreachable ? "chain-unreachable" : "chain-failed",
    fault: "environment",
    retryable: unreachable,
    remedy: "Check that the RPC endpoints answer and belong to the right chain.",
    facts: { why: failureText(error) },
    cause,
  });
}

/** Did somebody else's transaction from the same account come first? Sending again, with the next nonce, helps. */
export function isNonceRace(error: unknown): boolean {
  if ([NonceTooLowError, NonceTooHighError].some((kind) => finds(error, kind))) return true;
  return /nonce too|already known|already imported|replacement transaction|underpriced/i.test(
    `${failureText(error)} ${(error as { details?: string }).details ?? ""}`,
  );
}

/**
 * Was the call tried on a block older than the state it was tried on? An endpoint that is given a new block meanwhile
 * does that, and a history that is ordered by block time refuses it. The next try meets both as they are.
 */
export function isBlockRace(error: unknown): boolean {
  return revertName(error) === "CheckpointUnorderedInsertion";
}

/** Name of the custom error a contract reverted with. */
export function revertName(error: unknown): string | undefined {
  const reverted = walk(error, ContractFunctionRevertedError) as ContractFunctionRevertedError | undefined;
  return reverted?.data?.errorName ?? reverted?.reason;
}

/** One short line about any thrown thing, without addresses of endpoints. */
export function failureText(error: unknown): string {
  if (error === undefined) return "no reason given";
  const known = error as { shortMessage?: string; message?: string };
  return known.shortMessage ?? known.message ?? String(error);
}

type ErrorClass = abstract new (...args: never[]) => Error;

function finds(error: unknown, kind: ErrorClass): boolean {
  return walk(error, kind) !== undefined;
}

function walk(error: unknown, kind: ErrorClass): unknown {
  const matches = (one: unknown) => one instanceof kind;
  if (matches(error)) return error;
  return (error as Partial<BaseError>).walk?.(matches) ?? undefined;
}
