import { ContractFunctionExecutionError, ContractFunctionRevertedError, encodeErrorResult } from "viem";
import { expect, test } from "vitest";
import { bondsArtifact } from "./artifacts.generated.ts";
import { chainError, isBlockRace } from "./chain-error.ts";

const { abi } = bondsArtifact;

function reverted(errorName: "CheckpointUnorderedInsertion" | "BondsZeroAmount"): Error {
  const data = encodeErrorResult({ abi, errorName } as Parameters<typeof encodeErrorResult>[0]);
  const cause = new ContractFunctionRevertedError({ abi, data, functionName: "deposit" });
  return new ContractFunctionExecutionError(cause, { abi, functionName: "deposit" });
}

test("a revert because the block was older than the state is tried again; any other is told", () => {
  expect(isBlockRace(reverted("CheckpointUnorderedInsertion"))).toBe(true);
  expect(isBlockRace(reverted("BondsZeroAmount"))).toBe(false);
  expect(isBlockRace(new Error("CheckpointUnorderedInsertion"))).toBe(false);
  expect(chainError("bond the node", reverted("CheckpointUnorderedInsertion"))).toMatchObject({
    code: "chain-refused",
    facts: { reason: "CheckpointUnorderedInsertion" },
  });
});
