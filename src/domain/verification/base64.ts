const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** By character code; -1 for what is no digit. */
const values = Int8Array.from({ length: 128 }, (_, code) => digits.indexOf(String.fromCharCode(code)));

/** Bytes as they stand in JSON (RFC 4648 §4, padded). The platform's own is a matter of the platform, not of rules. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = bytes.subarray(at, at + 3);
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
    let bits = 0;
    for (let place = at; place < at + 4; place += 1) {
      const value = place < text.length - padding ? values[text.charCodeAt(place)] : 0;
      if (value === undefined || value < 0) return undefined;
      bits = (bits << 6) | value;
    }
    padded[to] = bits >> 16;
    padded[to + 1] = bits >> 8;
    padded[to + 2] = bits;
  }
  const bytes = padded.subarray(0, padded.length - padding);
  return padded.subarray(bytes.length).every((byte) => byte === 0) ? bytes : undefined;
}
