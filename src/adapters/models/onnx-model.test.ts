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

  test("classifies where its configuration says so, and is another one with other labels", async () => {
    const config = (facts: object) =>
      write(
        "some-model/config.json",
        JSON.stringify({ architectures: ["BertForSequenceClassification"], ...facts }),
      );
    const plain = (await readOnnxModel(file)).id;
    write("some-model/config.json", '{"architectures": ["BertModel"], "id2label": {"0": "LABEL_0"}}');
    expect(await readOnnxModel(file)).toMatchObject({ id: plain });
    expect(await readOnnxModel(file)).not.toHaveProperty("classes");
    config({ id2label: { 1: "bad", 0: "good" } });
    const sorted = await readOnnxModel(file);
    expect(sorted.classes).toEqual({ labels: ["good", "bad"], activation: "softmax" });
    config({ id2label: { 0: "good", 1: "bad" }, problem_type: "multi_label_classification" });
    const each = await readOnnxModel(file);
    expect(each.classes?.activation).toBe("sigmoid");
    config({ id2label: { 0: "relevant" } });
    const one = await readOnnxModel(file);
    expect(one.classes?.activation).toBe("sigmoid");
    expect(new Set([plain, sorted.id, each.id, one.id]).size).toBe(4);
  });

  test.each([
    ["no labels", {}, /there is none/],
    ["a label that is missing", { id2label: { 0: "a", 2: "c" } }, /a label is missing/],
    ["an empty label", { id2label: { 0: "a", 1: "" } }, /a label is empty/],
    ["a label that steers terminals", { id2label: { 0: "a", 1: "\u001b[31m" } }, /control characters/],
    [
      "more labels than an offer can hold",
      { id2label: { ...Array(999).fill("label") } },
      /bytes of an offer/,
    ],
    [
      "labels of more bytes than characters",
      { id2label: { ...Array(800).fill("肯定") } },
      /bytes of an offer/,
    ],
    ["labels of nothing but quotes", { id2label: { ...Array(600).fill('""') } }, /bytes of an offer/],
    ["a quantity instead of labels", { id2label: { 0: "a" }, problem_type: "regression" }, /regression/],
  ])("that classifies is refused with %s", async (_, facts, reason) => {
    const config = { architectures: ["BertForSequenceClassification"], ...facts };
    write("some-model/config.json", JSON.stringify(config));
    const refused = { code: "not-a-model", fault: "user", message: expect.stringMatching(reason) };
    await expect(readOnnxModel(file)).rejects.toMatchObject(refused);
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
