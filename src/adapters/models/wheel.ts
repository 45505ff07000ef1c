import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import yauzl from "yauzl";
import { HoldfastError } from "../../protocol/errors.ts";

export interface UnpackOptions {
  readonly member: string;
  /** Size the member must have; a zip bomb is refused before it is inflated. */
  readonly bytes: number;
  readonly to: string;
  readonly progress: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Streams one member of a zip file to disk and returns the SHA-256 of what was written, hex. */
export async function unpackMember(zipPath: string, options: UnpackOptions): Promise<string> {
  const zip = await yauzl.openPromise(zipPath, { lazyEntries: true, autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== options.member) continue;
      if (entry.uncompressedSize !== options.bytes) break;
      return await writeEntry(await zip.openReadStreamPromise(entry), options);
    }
  } finally {
    zip.close();
  }
  throw new HoldfastError("The package does not hold the model it should.", {
    code: "model-corrupt",
    fault: "environment",
    remedy: "Bring a model of your own: npm start -- --model FILE.gguf",
    facts: { member: options.member, expectedBytes: options.bytes },
  });
}

async function writeEntry(stream: NodeJS.ReadableStream, options: UnpackOptions): Promise<string> {
  const hash = createHash("sha256");
  let bytes = 0;
  const meter = new Transform({
    transform(piece: Buffer, _encoding, done) {
      hash.update(piece);
      bytes += piece.length;
      options.progress(bytes);
      done(null, piece);
    },
  });
  const { to, signal } = options;
  await pipeline(stream, meter, createWriteStream(to, { flush: true }), { signal });
  return hash.digest("hex");
}
