/**
 * Bundles the program into a folder: `node scripts/bundle.mjs FOLDER`. For this machine and clone only; the package
 * holds the sources as emitted by scripts/build.mjs, with their dependencies beside them.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const [folder] = process.argv.slice(2);

const build = await rolldown({
  input: { main: path.join(root, "src/main.ts"), guard: path.join(root, "src/adapters/process/guard.ts") },
  platform: "node",
  // Natives, what need not be installed, and CommonJS that looks for files beside itself.
  external: ["node-llama-cpp", "onnxruntime-node", "@huggingface/tokenizers", "pino", "yauzl"],
});
await build.write({ dir: folder, format: "esm", sourcemap: false, minify: false });
await build.close();
