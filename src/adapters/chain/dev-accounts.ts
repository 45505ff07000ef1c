import { mnemonicToAccount } from "viem/accounts";
import type { NodeKey } from "../keys/node-key.ts";

/** The mnemonic every development chain knows. Its keys are public: never send them anything of value. */
const mnemonic = "test test test test test test test test test test test junk";

/** Key of the `index`th account, 0 to 9, that a development chain endows. */
export function devKey(index: number): NodeKey {
  const key = mnemonicToAccount(mnemonic, { addressIndex: index }).getHdKey().privateKey;
  if (key === null) throw new Error("a private derivation without a private key");
  return key;
}
