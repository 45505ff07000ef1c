import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { HoldfastError } from "../../protocol/errors.ts";

/**
 * The platform's own binary. The package's starter would stand between us and it: a kill of one leaves the other.
 * Throws HoldfastError `anvil-missing` (fault environment).
 */
export function anvilBinary(): string {
  const platform = { linux: "linux", darwin: "darwin", win32: "win32" }[process.platform as string];
  const arch = { x64: "amd64", arm64: "arm64" }[process.arch as string];
  const name = `@foundry-rs/anvil-${platform}-${arch}`;
  const require = createRequire(import.meta.url);
  // Found from the package that depends on it, wherever npm put it, and from here where it was installed directly.
  for (const from of ["@foundry-rs/anvil/package.json", undefined]) {
    try {
      const base = from === undefined ? require : createRequire(require.resolve(from));
      return join(
        dirname(base.resolve(`${name}/package.json`)),
        "bin",
        platform === "win32" ? "anvil.exe" : "anvil",
      );
    } catch {
      // The next place may have it.
    }
  }
  throw new HoldfastError(`The local chain's program (${name}) is not installed.`, {
    code: "anvil-missing",
    fault: "environment",
    remedy:
      "Install it with `npm ci --include=optional`, or name RPC endpoints of a chain that runs elsewhere.",
    facts: { platform: process.platform, arch: process.arch },
  });
}
