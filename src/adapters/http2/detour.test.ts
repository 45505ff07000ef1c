import { type AddressInfo, connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { plainOffer, startProvider, wholeAttempt } from "../../../test/rigs/network.ts";
import { clock, createLogRig } from "../../../test/rigs/ports.ts";
import { createDialer } from "./dialer.ts";

test("a node that was reached through others is reached directly again once it can be", async () => {
  const { session, listener, remotes } = await startProvider();
  const [host = "", port] = listener.endpoint.split(":");
  const node = () => connect(Number(port), host);
  let isBroken = true;
  let passed = 0;
  const way = createServer((near) => {
    near.on("error", () => {});
    if (isBroken) return void near.resetAndDestroy();
    passed += 1;
    const far = node();
    far.on("error", () => {});
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => way.listen(0, "127.0.0.1", resolve));
  let detours = 0;
  const relay = {
    async open() {
      detours += 1;
      return node();
    },
  };
  const dialer = createDialer({ clock, log: createLogRig() }, { relay });
  onTestFinished(async () => {
    await dialer.close();
    await listener.close();
    way.close();
  });
  const offer = plainOffer({
    ...{ certificate: session.tls.fingerprint, multiaddrs: ["/ip4/127.0.0.1/tcp/1"] },
    endpoints: [`127.0.0.1:${(way.address() as AddressInfo).port}`],
  });
  expect(await wholeAttempt(dialer, offer)).toBe("Hello 世界");
  expect([detours, passed]).toEqual([1, 0]);
  isBroken = false;
  await expect
    .poll(async () => (await wholeAttempt(dialer, offer)) && passed, { timeout: 10_000, interval: 200 })
    .toBe(1);
  await expect.poll(() => wholeAttempt(dialer, offer).then(() => new Set(remotes).size)).toBe(2);
  expect([detours, passed], "one way each, kept as long as it is good").toEqual([1, 1]);
});
