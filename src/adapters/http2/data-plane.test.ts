import { connect as connectHttp2, createSecureServer } from "node:http2";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, expect, test } from "vitest";
import {
  chunkWord,
  converse,
  openOrder,
  type ProviderRig,
  plainOffer,
  readyWord,
  startProvider,
  talk,
  wholeAttempt,
} from "../../../test/rigs/network.ts";
import { clock, createLogRig } from "../../../test/rigs/ports.ts";
import type { Order } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import { createSession } from "../keys/session.ts";
import { createDialer } from "./dialer.ts";
import { createListener } from "./listener.ts";

const closing: Array<() => Promise<unknown> | unknown> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function dialer() {
  const made = createDialer({ clock, log: createLogRig() });
  closing.push(() => made.close());
  return made;
}

async function provider(...serve: Parameters<typeof startProvider>): Promise<ProviderRig> {
  const rig = await startProvider(...serve);
  closing.push(() => rig.listener.close());
  return rig;
}

function offerOf({ session, listener }: ProviderRig) {
  return plainOffer({ certificate: session.tls.fingerprint, endpoints: [listener.endpoint] });
}

test("a whole attempt runs, and its last word arrives although the provider closes right after it", async () => {
  const rig = await provider();
  expect(await wholeAttempt(dialer(), offerOf(rig))).toBe("Hello 世界");
  expect(rig.orders.map((order) => order.t)).toEqual(["open", "speak"]);
});

test("attempts share one connection", async () => {
  const rig = await provider();
  const gateway = dialer();
  const texts = await Promise.all(Array.from({ length: 50 }, () => wholeAttempt(gateway, offerOf(rig))));
  expect(new Set(texts)).toEqual(new Set(["Hello 世界"]));
  expect(new Set(rig.remotes).size).toBe(1);
});

test("a refusal sent and closed at once, before anything else, is heard", async () => {
  const session = createSession();
  const listener = await createListener(
    { clock, log: createLogRig() },
    { key: session.tls.key, certificate: session.tls.certificate, host: "127.0.0.1", port: 0 },
  );
  closing.push(() => listener.close());
  listener.onAttempt((channel) => {
    channel.send({ t: "refused", code: "closing", message: "going away" });
    channel.close();
    return { message() {}, closed() {} };
  });
  const offer = plainOffer({ certificate: session.tls.fingerprint, endpoints: [listener.endpoint] });
  const attempt = talk(dialer(), offer);
  attempt.channel.send(openOrder);
  expect((await attempt.ended).code).toBe("closed");
  expect(attempt.words).toEqual([{ t: "refused", code: "closing", message: "going away" }]);
});

test("closing an attempt ends the provider's work, and nothing is heard afterwards", async () => {
  const rig = await provider((order, channel) => order.t === "open" && channel.send(readyWord));
  const attempt = talk(dialer(), offerOf(rig));
  attempt.channel.send(openOrder);
  await attempt.heard((word) => word.t === "ready");
  attempt.channel.close();
  await expect.poll(() => rig.ends.length).toBe(1);
  expect(rig.ends[0]?.code).toBe("closed");
});

test("a prompt of the largest size goes through", async () => {
  const rig = await provider();
  const content = "x".repeat(limits.requestBytesMax);
  const attempt = talk(dialer(), offerOf(rig));
  attempt.channel.send({ ...openOrder, prompt: { kind: "text", text: content } } as Order);
  await attempt.heard((word) => word.t === "ready");
  const [order] = rig.orders;
  expect(order?.t === "open" && order.prompt.kind === "text" && order.prompt.text.length).toBe(
    content.length,
  );
});

test("an impostor's certificate gets no byte of a request", async () => {
  const impostor = createSession();
  let connections = 0;
  let requestBytes = 0;
  const server = createTlsServer(
    { key: impostor.tls.key, cert: impostor.tls.certificate, ALPNProtocols: ["h2"], minVersion: "TLSv1.3" },
    (socket) => {
      socket.on("data", (bytes) => {
        requestBytes += bytes.length;
        socket.destroy();
      });
      socket.on("error", () => {});
    },
  );
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const endpoints = [`127.0.0.1:${(server.address() as AddressInfo).port}`];
  const attempt = talk(dialer(), plainOffer({ certificate: createSession().tls.fingerprint, endpoints }));
  attempt.channel.send(openOrder);
  expect((await attempt.ended).code).toBe("impostor");
  expect([connections, requestBytes]).toEqual([1, 0]);
  // The same server does see a request when the offer names its certificate: the count above means something.
  const trusted = talk(dialer(), plainOffer({ certificate: impostor.tls.fingerprint, endpoints }));
  trusted.channel.send(openOrder);
  expect((await trusted.ended).code).toBe("broken");
  expect(connections).toBe(2);
  expect(requestBytes).toBeGreaterThan(0);
});

test("the right node behind an impostor's and a dead address is still found", async () => {
  const rig = await provider();
  const other = await provider();
  const offer = plainOffer({
    certificate: rig.session.tls.fingerprint,
    endpoints: ["127.0.0.1:1", other.listener.endpoint, "nonsense", rig.listener.endpoint],
  });
  expect(await wholeAttempt(dialer(), offer)).toBe("Hello 世界");
  expect(other.orders).toEqual([]);
});

test("an address that refuses, one that is none, and none at all are unreachable", async () => {
  for (const endpoints of [["127.0.0.1:1"], ["nonsense"], ["127.0.0.1:0", "[::1:5"], []])
    expect((await talk(dialer(), plainOffer({ endpoints })).ended).code).toBe("unreachable");
});

test("an address that accepts and says nothing costs no more than the connect budget", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const attempt = talk(dialer(), plainOffer({ endpoints: [`127.0.0.1:${port}`] }));
  expect(await attempt.ended).toEqual({
    code: "unreachable",
    detail: `no answer in ${limits.connectMsMax} ms`,
  });
});

test("a restarted provider is reached anew, and its old certificate no more", async () => {
  const before = await startProvider();
  const gateway = dialer();
  const old = offerOf(before);
  await wholeAttempt(gateway, old);
  await before.listener.close();
  const after = await provider();
  expect(await wholeAttempt(gateway, { ...offerOf(after), seq: 2 })).toBe("Hello 世界");
  expect((await talk(gateway, { ...old, endpoints: [after.listener.endpoint] }).ended).code).toBe("impostor");
});

test("a provider that goes away in the middle is not mistaken for a good end", async () => {
  const rig = await startProvider((order, channel) => {
    if (order.t === "open") channel.send(chunkWord(0, "half"));
  });
  const attempt = talk(dialer(), offerOf(rig));
  attempt.channel.send(openOrder);
  await attempt.heard((word) => word.t === "chunk");
  await rig.listener.close();
  expect(["broken", "closed"]).toContain((await attempt.ended).code);
  expect(attempt.words.some((word) => word.t === "chunk" && word.chunk.end !== undefined)).toBe(false);
});

test("garbage from a provider ends the attempt as garbage", async () => {
  const session = createSession();
  const pieces = [
    Buffer.from("not json\n"),
    Buffer.from('{"t":"unheard-of"}\n'),
    Buffer.from('{"t":"judged","branch":0,"through":-1,"margin":0}\n'),
    Buffer.from([0xff, 0xfe, 0x0a]),
    Buffer.alloc(limits.replyBytesMax + 1, 0x20),
    Buffer.from(`${"[".repeat(60_000)}\n`),
  ];
  let served = 0;
  const hostile = createSecureServer({ key: session.tls.key, cert: session.tls.certificate });
  hostile.on("sessionError", () => {});
  hostile.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200 });
    stream.write(pieces[served++]);
  });
  await new Promise<void>((resolve) => hostile.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => hostile.close(resolve)));
  const gateway = dialer();
  const endpoints = [`127.0.0.1:${(hostile.address() as AddressInfo).port}`];
  for (const _ of pieces) {
    const attempt = talk(gateway, plainOffer({ certificate: session.tls.fingerprint, endpoints }));
    attempt.channel.send(openOrder);
    expect((await attempt.ended).code).toBe("garbage");
    expect(attempt.words).toEqual([]);
  }
  await gateway.close();
});

test("garbage from a gateway ends the attempt as garbage and harms no one else", async () => {
  const rig = await provider();
  const pieces = [
    Buffer.from("{]\n"),
    Buffer.from('{"t":"speak","from":0,"extra":1}\n'),
    Buffer.from([0xc3, 0x28, 0x0a]),
    Buffer.from("\n"),
    Buffer.alloc(limits.messageBytesMax + 1, 0x20),
  ];
  const session = connectHttp2(`https://${rig.listener.endpoint}`, { rejectUnauthorized: false });
  session.on("error", () => {});
  closing.push(() => session.destroy());
  for (const piece of pieces) {
    const stream = session.request(
      { ":method": "POST", ":path": "/holdfast/attempt/1" },
      { endStream: false },
    );
    stream.on("error", () => {});
    stream.resume();
    stream.write(piece);
    await new Promise((resolve) => stream.once("close", resolve));
  }
  await expect.poll(() => rig.ends.map((end) => end.code)).toEqual(pieces.map(() => "garbage"));
  const strange = session.request({ ":path": "/etc/passwd" });
  const status = await new Promise((resolve) =>
    strange.once("response", (headers) => resolve(headers[":status"])),
  );
  expect(status).toBe(404);
  expect(await wholeAttempt(dialer(), offerOf(rig))).toBe("Hello 世界");
});

test("bytes that are not TLS, or TLS without HTTP/2, do not harm a provider", async () => {
  const rig = await provider();
  const [host, port] = rig.listener.endpoint.split(":");
  for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff", "\0".repeat(10_000)]) {
    const socket = connectTcp(Number(port), host);
    socket.on("error", () => {});
    socket.write(bytes);
    socket.resume();
    await new Promise((resolve) => setTimeout(resolve, 20));
    closing.push(() => socket.destroy());
  }
  expect(await wholeAttempt(dialer(), offerOf(rig))).toBe("Hello 世界");
});

test("a busy port is named as such", async () => {
  const rig = await provider();
  const port = Number(rig.listener.endpoint.split(":")[1]);
  const { key, certificate } = rig.session.tls;
  await expect(
    createListener({ clock, log: createLogRig() }, { key, certificate, host: "127.0.0.1", port }),
  ).rejects.toMatchObject({ code: "port-busy", fault: "environment" });
});

test("a provider that refused under a flood of long prompts is spoken to again at once", async () => {
  // It refuses each as a provider without a seat does: at once, while most of the prompt is still on its way.
  const rig = await provider((order, channel) => {
    if (order.t !== "open" || JSON.stringify(order).length < 1e6) return converse(order, channel);
    channel.send({ t: "refused", code: "busy", message: "no seat" });
    channel.close();
  });
  const gateway = dialer();
  const offer = offerOf(rig);
  const content = "x".repeat(7_900_000);
  const long: Order = {
    ...(openOrder as Extract<Order, { t: "open" }>),
    prompt: { kind: "text", text: content },
  };
  await Promise.all(
    Array.from({ length: 40 }, async () => {
      const attempt = talk(gateway, offer);
      attempt.channel.send(long);
      await attempt.ended;
    }),
  );
  // One may still find the old connection; none after it does.
  await wholeAttempt(gateway, offer).catch(() => undefined);
  expect(await wholeAttempt(gateway, offer)).toBe("Hello 世界");
});
