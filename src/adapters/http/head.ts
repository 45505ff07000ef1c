import type { IncomingMessage } from "node:http";
import { invalidRequest, type Refusal } from "../../protocol/openai.ts";

/** What is wrong with a request before its body is read, whoever sent it. */
export function headComplaint({ headers, rawHeaders }: IncomingMessage): Refusal | undefined {
  // node:http keeps the first; a proxy before it may have gone by the second (RFC 9112 §3.2: 400).
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host");
  if (hosts.length > 1) return invalidRequest("The request has more than one Host header.");
  const encoding = headers["content-encoding"]?.trim().toLowerCase();
  if (encoding === undefined || encoding === "" || encoding === "identity") return undefined;
  return {
    ...{ status: 415, type: "invalid_request_error", param: null, code: "unsupported_encoding" },
    message: "The request body is compressed. Send it as it is, without Content-Encoding.",
  };
}
