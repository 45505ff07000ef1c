import { Socket } from "node:net";

const variable = "HOLDFAST_LIFELINE";
let descriptor: number | undefined;

/**
 * Calls `ended` once when the process that started this one is gone: a pipe inherited from it has closed, which the
 * kernel does however it died. Returns whether there is such a pipe. To be called once, early.
 */
export function holdLifeline(ended: () => void): boolean {
  const named = process.env[variable];
  // Not for grandchildren: the descriptor is not theirs.
  delete process.env[variable];
  if (named === undefined || !/^\d{1,4}$/.test(named)) return false;
  descriptor = Number(named);
  let over = false;
  const end = () => {
    if (!over) ended();
    over = true;
  };
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false });
  pipe.on("error", end).on("end", end).on("close", end).resume();
  pipe.unref();
  return true;
}

/** The inherited descriptor, for handing it on to the guard; undefined when nobody waits for this process. */
export function lifelineDescriptor(): number | undefined {
  return descriptor;
}

/** How a child is started so that it has a lifeline: descriptor 3, and the variable that names it. */
export const lifelineEnvironment: Readonly<Record<string, string>> = { [variable]: "3" };
