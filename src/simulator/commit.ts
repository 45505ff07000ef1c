/** The commit this runs from, with a mark when the working tree differs; "unknown" outside a checkout. */
export function commitOf(): string {
  const { execFileSync } = process.getBuiltinModule("node:child_process");
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", import.meta.dirname, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", "..") !== "";
    return `${git("rev-parse", "--short", "HEAD")}${changed ? "+" : ""}`;
  } catch {
    return "unknown";
  }
}
