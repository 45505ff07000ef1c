import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileFault } from "./file-fault.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-file-fault-"));

function thrownBy(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

test("what the file system refuses is this machine's fault, with the path and what to do", () => {
  const file = join(folder, "file");
  const circle = join(folder, "circle");
  writeFileSync(file, "");
  symlinkSync(circle, circle);
  const refused: readonly (readonly [() => void, string])[] = [
    [() => mkdirSync(join(file, "home"), { recursive: true }), join(file, "home")],
    [() => writeFileSync(folder, ""), folder],
    [() => readFileSync(circle), circle],
    [() => writeFileSync(join(folder, "x".repeat(300)), ""), join(folder, "x".repeat(300))],
  ];
  for (const [call, path] of refused) {
    const fault = fileFault(thrownBy(call));
    expect(fault, path).toMatchObject({ fault: "environment", facts: { path } });
    expect(fault?.remedy).toContain("--home");
  }
});

test.each(["EROFS", "EACCES", "EPERM", "ENOSPC"])("so is %s", (code) => {
  const error = Object.assign(new Error(`${code}: open '/x'`), { code, syscall: "open", path: "/x" });
  expect(fileFault(error)).toMatchObject({ fault: "environment", facts: { path: "/x" } });
});

test("a socket's refusal and a mistake of ours are not", () => {
  expect(fileFault(Object.assign(new Error("x"), { code: "EACCES", syscall: "listen" }))).toBeUndefined();
  expect(fileFault(new TypeError("x is not a function"))).toBeUndefined();
  expect(fileFault("x")).toBeUndefined();
});
