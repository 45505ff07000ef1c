import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ask, findModel } from "./ask.ts";

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const options = { model: "m", maxTokens: 1, temperature: 0, quiet: true };

test("an answer that is given up before its first word ends without one", async () => {
  const interrupt = new AbortController();
  const url = await serve(() => interrupt.abort());
  expect(await ask([], { url, ...options }, interrupt.signal)).toBe("");
});

test("what lists no model is told apart from nobody there", async () => {
  for (const body of ["<html>", '{"data":[]}', "null"]) {
    const url = await serve((_, response) => void response.end(body));
    await expect(findModel(url)).rejects.toMatchObject({ code: "no-model", fault: "environment" });
  }
  await expect(findModel("http://127.0.0.1:9/v1")).rejects.toMatchObject({ code: "gateway-unreachable" });
});

test("a stream that ends without saying so was cut", async () => {
  const url = await serve((_, response) => void response.end('data: {"choices":[]}\n\n'));
  await expect(ask([], { url, ...options }, new AbortController().signal)).rejects.toMatchObject({
    code: "stream-cut",
    fault: "peer",
  });
});
