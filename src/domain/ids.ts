/** Branded names of things. They are made by parsing at the edge (`protocol/`) and never re-checked inside. */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** libp2p peer id of a node, text form (`16Uiu2…`). The same secp256k1 key gives its EVM address. */
export type PeerId = Brand<string, "PeerId">;
/** `sha256:` and 64 lower-case hex digits: the digest of a model manifest, or of its single weight file. */
export type ModelId = Brand<string, "ModelId">;
/** 32 random bytes as 64 hex digits; one per request. */
export type JobId = Brand<string, "JobId">;
/** Index of a token in its model's vocabulary. */
export type TokenId = number;
/** Public half of a node's Ed25519 session key, 32 bytes as 64 hex digits. */
export type SessionKey = Brand<string, "SessionKey">;
/** EVM address, `0x` and 40 hex digits, checksummed. */
export type Address = Brand<`0x${string}`, "Address">;

/** Monotonic milliseconds. Only differences mean anything. */
export type Ms = number;
