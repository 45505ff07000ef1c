import { homedir } from "node:os";
import { join } from "node:path";

/** Where model files are kept, shared by every network on this machine: they are large and never change. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const own = environment["HOLDFAST_CACHE"];
  if (own !== undefined && own !== "") return own;
  const xdg = environment["XDG_CACHE_HOME"];
  if (xdg?.startsWith("/")) return join(xdg, "holdfast");
  return join(homedir(), ".cache", "holdfast");
}
