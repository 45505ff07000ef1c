import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { freePorts } from "../../adapters/process/free-ports.ts";
import { type Cable, layCable } from "./cable.ts";

/** A server that says back what it hears, behind a cable. */
async function laid(): Promise<{ cable: Cable; dial: () => Socket }> {
  const server = createServer((socket) => socket.on("error", () => {}).pipe(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const [port = 0] = await freePorts(1);
  const cable = await layCable(port);
  cable.aim((server.address() as AddressInfo).port);
  onTestFinished(() => {
    cable.close();
    server.close();
  });
  const dial = () => {
    const socket = connect({ host: "127.0.0.1", port });
    onTestFinished(() => void socket.destroy());
    return socket.on("error", () => {});
  };
  return { cable, dial };
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [heard] = await once(socket, "data");
  return String(heard);
}

test("a whole cable carries both ways", async () => {
  const { dial } = await laid();
  expect(await echo(dial(), "hello")).toBe("hello");
});

test("a reset is one, for those there and for those to come, until it is mended", async () => {
  const { cable, dial } = await laid();
  const socket = dial();
  await echo(socket, "hello");
  const broken = once(socket.removeAllListeners("error"), "close").catch((error) => error);
  cable.sever("reset");
  expect(await broken).toMatchObject({ code: "ECONNRESET" });
  cable.sever(undefined);
  expect(await echo(dial(), "again")).toBe("again");
});

test("a cut connection ends like one that was closed", async () => {
  const { cable, dial } = await laid();
  const socket = dial();
  await echo(socket, "hello");
  const ended = once(socket, "end");
  cable.sever("cut");
  await ended;
});

test("with the net down nothing comes and nobody says so, and what was held back comes when it is up", async () => {
  const { cable, dial } = await laid();
  const socket = dial();
  await echo(socket, "hello");
  cable.sever("netdown");
  const heard = echo(socket, "are you there");
  const soon = new Promise((resolve) => setTimeout(resolve, 100, "nothing"));
  expect(await Promise.race([heard, once(socket, "close"), soon])).toBe("nothing");
  cable.sever(undefined);
  expect(await heard).toBe("are you there");
});
