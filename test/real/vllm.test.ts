import { createLlamaEngine } from "../../src/adapters/llama/engine.ts";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import { serveVllmForm } from "../rigs/vllm-form.ts";
import { vllmSuite } from "../rigs/vllm-suite.ts";

/** The engine for vLLM over a server in vLLM's form with a real model behind it; test/long/real-vllm.test.ts has a vLLM. */

vllmSuite(async () => {
  const { path: file, id: model } = await fetchDefaultModel({ cache: cacheFolder(process.env) });
  const room = { model, name: "smollm2-135m", contextTokens: 512, slots: 1, threads: 1 };
  const behind = await createLlamaEngine({ file, ...room, gpu: false });
  const { url, stop } = await serveVllmForm(behind);
  return {
    url,
    async stop() {
      stop();
      await behind.close();
    },
  };
}, 180_000);
