/** Waits until `holds`, looking every few milliseconds; throws naming `what` when it does not within `msMax`. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  msMax: number,
  what: string,
): Promise<void> {
  const deadline = performance.now() + msMax;
  while (performance.now() < deadline) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`within ${msMax} ms it did not come true that ${what}`);
}
