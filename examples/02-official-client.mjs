/**
 * The official client, unchanged but for its base URL. What Holdfast adds rides in one field, `holdfast`.
 *
 *   npm start                                  # in another terminal
 *   node examples/02-official-client.mjs [URL]
 */
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2] ?? "http://127.0.0.1:11411/v1", apiKey: "none" });
const { data: [model] } = await client.models.list();

const answer = await client.chat.completions.create({
  model: model.id,
  messages: [{ role: "user", content: "Name three rivers." }],
  max_tokens: 40,
  temperature: 0,
  seed: 42,
  // Nothing is delivered before two other nodes have accepted the whole answer.
  holdfast: { finality: "final", witnesses: 2 },
});
console.log(answer.choices[0].message.content);
console.log(answer.holdfast);
