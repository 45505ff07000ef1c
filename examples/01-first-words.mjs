/**
 * An answer, word by word, with nothing but `fetch`.
 *
 *   npm start                                  # in another terminal
 *   node examples/01-first-words.mjs [URL]
 *
 * Kill the provider that speaks while it does (`npx holdfast status` shows its pid): the sentence goes on.
 */
const url = process.argv[2] ?? "http://127.0.0.1:11411/v1";
const { data: [model] } = await (await fetch(`${url}/models`)).json();

const response = await fetch(`${url}/chat/completions`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    model: model.id,
    stream: true,
    max_tokens: 60,
    messages: [{ role: "user", content: "Why is the sky blue?" }],
  }),
});

let rest = "";
for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
  const events = (rest + text).split("\n\n");
  rest = events.pop();
  for (const event of events.map((each) => each.slice("data: ".length))) {
    if (event === "[DONE]") continue;
    const { error, choices, holdfast } = JSON.parse(event);
    if (error) throw new Error(error.message);
    process.stdout.write(choices[0]?.delta?.content ?? "");
    if (choices[0]?.finish_reason) console.log(`\n\n${JSON.stringify(holdfast)}`);
  }
}
