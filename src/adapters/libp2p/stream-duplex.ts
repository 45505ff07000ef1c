import { Duplex } from "node:stream";
import type { Stream } from "@libp2p/interface";
import { limits } from "../../protocol/limits.ts";

/** A libp2p stream as Node's own kind of stream, with back-pressure both ways, for TLS and HTTP/2 to run over. */
export function streamDuplex(stream: Stream): Duplex {
  // Between our `pause` and the sender's noticing, a whole yamux window may still arrive; the default would reset it.
  stream.maxReadBufferLength = limits.unsentBytesMax;
  let paused = false;
  const duplex = new Duplex({
    read() {
      if (!paused) return;
      paused = false;
      stream.resume();
    },
    write(chunk: Buffer, _encoding, done) {
      try {
        if (stream.send(chunk)) done();
        else stream.onDrain().then(() => done(), done);
      } catch (error) {
        done(error as Error);
      }
    },
    final(done) {
      stream.close().then(() => done(), done);
    },
    destroy(error, done) {
      stream.abort(error ?? new Error("closed"));
      done(error);
    },
  });
  stream.addEventListener("message", ({ data }) => {
    if (duplex.destroyed || duplex.push(Buffer.from(data.subarray()))) return;
    paused = true;
    stream.pause();
  });
  // Nobody half-closes a connection that lives; TLS over this kind of stream would wait on for its other half.
  duplex.once("end", () => duplex.destroy());
  const end = () => {
    if (!duplex.destroyed && !duplex.readableEnded) duplex.push(null);
  };
  stream.addEventListener("end", end);
  stream.addEventListener("close", ({ error }) => (error === undefined ? end() : duplex.destroy(error)));
  return duplex;
}
