import { createHash, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import type { SessionKey } from "../../domain/ids.ts";
import { createSession, verify } from "./session.ts";

test("a signature is valid for its key and bytes, and for nothing else", () => {
  const session = createSession();
  const bytes = Buffer.from("what was said");
  const signature = session.sign(bytes);
  expect(verify(session.sessionKey, bytes, signature)).toBe(true);
  expect(verify(session.sessionKey, Buffer.from("what was not"), signature)).toBe(false);
  expect(verify(createSession().sessionKey, bytes, signature)).toBe(false);
});

test("what is no key or no signature is invalid and throws nothing", () => {
  const session = createSession();
  const bytes = Buffer.from("x");
  for (const signature of ["", "!", "AAAA", session.sign(bytes).slice(0, -4)])
    expect(verify(session.sessionKey, bytes, signature)).toBe(false);
  for (const key of ["", "00", "zz".repeat(32), "ff".repeat(32), "00".repeat(32)])
    expect(verify(key as SessionKey, bytes, session.sign(bytes))).toBe(false);
});

test("the certificate is a valid X.509 certificate of the session key, signed by it", () => {
  const session = createSession();
  const certificate = new X509Certificate(session.tls.certificate);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  const spki = certificate.publicKey.export({ type: "spki", format: "der" });
  expect(spki.subarray(-32).toString("hex")).toBe(session.sessionKey);
  expect(createHash("sha256").update(certificate.raw).digest("hex")).toBe(session.tls.fingerprint);
  expect(certificate.subject).toBe("CN=holdfast");
  expect(new Date(certificate.validTo).getUTCFullYear()).toBe(9999);
});
