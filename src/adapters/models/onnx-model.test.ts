import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isOnnxFile, readOnnxModel } from "./onnx-model.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-onnx-"));
  mkdirSync(join(folder, "some-model", "onnx"), { recursive: true });
  file = write("some-model/onnx/model.onnx", "weights");
  write("some-model/tokenizer.json", "{}");
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

describe("an ONNX model", () => {
  test("is read with the tokenizer above it, and named after the folder where files have no names", async () => {
    expect(isOnnxFile(file)).toBe(true);
    expect(isOnnxFile("model.gguf")).toBe(false);
    expect(await readOnnxModel(file)).toMatchObject({
      ...{ name: "some-model", tokenizer: "{}", pooling: "mean" },
      id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
  });

  test("is another one with other weights, another tokenizer or another pooling", async () => {
    const ids = [(await readOnnxModel(file)).id];
    write("some-model/onnx/model.onnx", "others");
    ids.push((await readOnnxModel(file)).id);
    write("some-model/tokenizer.json", "[]");
    ids.push((await readOnnxModel(file)).id);
    write("some-model/1_Pooling/config.json", '{"pooling_mode_cls_token": true}');
    const last = await readOnnxModel(file);
    expect(last.pooling).toBe("first");
    expect(new Set([...ids, last.id]).size).toBe(4);
  });

  test("is refused without a tokenizer, with a pooling nobody knows, and when it is not what was promised", async () => {
    await expect(readOnnxModel(file, "00".repeat(32))).rejects.toMatchObject({ code: "model-corrupt" });
    write("some-model/1_Pooling/config.json", '{"pooling_mode_max_tokens": true}');
    await expect(readOnnxModel(file)).rejects.toMatchObject({ code: "not-a-model", fault: "user" });
    const bare = write("bare/model.onnx", "weights");
    rmSync(join(folder, "some-model/tokenizer.json"));
    await expect(readOnnxModel(bare)).rejects.toMatchObject({ code: "model-missing" });
    await expect(readOnnxModel(join(folder, "none.onnx"))).rejects.toMatchObject({ code: "model-missing" });
  });
});
