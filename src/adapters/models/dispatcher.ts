import { readFile } from "node:fs/promises";
import { getCACertificates } from "node:tls";
import { type Dispatcher, EnvHttpProxyAgent } from "undici";
import { limits } from "../../protocol/limits.ts";

/**
 * An HTTP client that trusts what pip trusts: behind a company proxy pip works because PIP_CERT (or its kin) names
 * the proxy's authority, and a download that then failed on its certificate would be a riddle.
 */
export async function createDispatcher(environment: NodeJS.ProcessEnv = process.env): Promise<Dispatcher> {
  const ca = [...getCACertificates("default"), ...getCACertificates("system")];
  for (const name of ["PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]) {
    const file = environment[name];
    const text = file === undefined ? "" : await readFile(file, "utf8").catch(() => "");
    if (text.includes("BEGIN CERTIFICATE")) ca.push(text);
  }
  return new EnvHttpProxyAgent({
    connect: { ca, timeout: limits.fetchSilenceMsMax },
    requestTls: { ca },
    headersTimeout: limits.fetchSilenceMsMax,
    bodyTimeout: limits.fetchSilenceMsMax,
  });
}
