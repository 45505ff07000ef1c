const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** By character code; -1 for what is no digit. */
const values = Int8Array.from({ length: 128 }, (_, code) => digits.indexOf(String.fromCharCode(code)));

/** Bytes as they stand in JSON (RFC 4648 §4, padded). The platform's own is a matter of the platform, not of rules. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const a = bytes[at]!;
    const b = bytes[at + 1];
    const c = bytes[at + 2];
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    text += digits[bits >> 18]! + digits[(bits >> 12) & 63]!;
    text +=
      (b === undefined ? "=" : digits[(bits >> 6) & 63]!) + (c === undefined ? "=" : digits[bits & 63]!);
  }
  return text;
}

/** Undefined for text that `toBase64` cannot have made: every list of bytes has one form. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const padded = new Uint8Array((text.length / 4) * 3);
  for (let at = 0, to = 0; at < text.length; at += 4, to += 3) {
    const isLast = at + 4 === text.length;
    const a = valueAt(text, at);
    const b = valueAt(text, at + 1);
    const c = isLast && padding === 2 ? 0 : valueAt(text, at + 2);
    const d = isLast && padding > 0 ? 0 : valueAt(text, at + 3);
    // A digit that is none is -1, all ones.
    if ((a | b | c | d) < 0) return undefined;
    const bits = (a << 18) | (b << 12) | (c << 6) | d;
    padded[to] = bits >> 16;
    padded[to + 1] = bits >> 8;
    padded[to + 2] = bits;
  }
  const bytes = padded.subarray(0, padded.length - padding);
  return padded.subarray(bytes.length).every((byte) => byte === 0) ? bytes : undefined;
}

function valueAt(text: string, at: number): number {
  return values[text.charCodeAt(at)] ?? -1;
}
