import { type KeyObject, randomBytes, sign } from "node:crypto";

/**
 * A self-signed X.509 certificate for an Ed25519 key, DER (RFC 5280 §4.1, RFC 8410). It says nothing but the key:
 * who stands behind it is for the signed offer to say, which pins these very bytes. So it never expires by itself
 * (RFC 5280 §4.1.2.5: 99991231235959Z), and the offer's expiry is what counts.
 */
export function selfSigned(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const name = sequence(set(sequence(commonName, utf8("holdfast"))));
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.from([2]))), // version 3
    // Positive, not zero, 128 bits (RFC 5280 §4.1.2.2): the first byte is 0x40 to 0x7f.
    integer(Buffer.concat([Buffer.from([0x40 | (randomBytes(1)[0]! & 0x3f)]), randomBytes(15)])),
    ed25519,
    name,
    sequence(utcTime("200101000000Z"), generalizedTime("99991231235959Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
  );
  return sequence(toBeSigned, ed25519, bitString(sign(null, toBeSigned, privateKey)));
}

/** One DER value: tag, length, contents. */
function der(tag: number, ...contents: Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const length =
    body.length < 0x80
      ? Buffer.from([body.length])
      : body.length < 0x100
        ? Buffer.from([0x81, body.length])
        : Buffer.from([0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
}

const sequence = (...contents: Buffer[]) => der(0x30, ...contents);
const set = (...contents: Buffer[]) => der(0x31, ...contents);
const integer = (bytes: Buffer) => der(0x02, bytes);
const bitString = (bytes: Buffer) => der(0x03, Buffer.from([0]), bytes);
const utf8 = (text: string) => der(0x0c, Buffer.from(text));
const utcTime = (text: string) => der(0x17, Buffer.from(text));
const generalizedTime = (text: string) => der(0x18, Buffer.from(text));

/** Object identifier 1.3.101.112 as an AlgorithmIdentifier without parameters. */
const ed25519 = sequence(der(0x06, Buffer.from([0x2b, 0x65, 0x70])));
/** Object identifier 2.5.4.3. */
const commonName = der(0x06, Buffer.from([0x55, 0x04, 0x03]));
