/** A process with an engine and nothing else; measure/speed.ts compares the network with it. */
import { answerLines } from "./asker.ts";
import { openDefaultEngine } from "./default-engine.ts";
import { generate } from "./generation.ts";

const engine = await openDefaultEngine(4);
await answerLines((request) => generate(engine, request as Parameters<typeof generate>[1]));
await engine.close();
