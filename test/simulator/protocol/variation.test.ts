// What a simulator varies, and what `seed` and `strict` repeat.

import assert from "node:assert/strict";
import type { SimulatorOptions } from "../../../simulator/server";
import { type Client, MODEL, PATH, resume, simulate, speech } from "../client";

const TEXT = "one two three four five six seven eight nine ten eleven twelve";
const weather = { tools: [{ functionDeclarations: [{ name: "get_weather", behavior: "BLOCKING" }] }] };

/** Advances the clock in steps of 10 ms, so that frames have their time to that precision. */
async function step(client: Client, ms: number) {
  for (let n = 0; n < ms; n += 10) await client.pass(10);
}

/** All that a client receives in two connections: speech, a text that barges in, a tool call, a resume; and a token. */
async function talkWith(options: SimulatorOptions, model = MODEL) {
  const { simulator, clock, open } = await simulate({ strict: false, ...options });
  const answer = await fetch(`${simulator.url}/v1beta/auth_tokens`, {
    method: "POST",
    headers: { "x-goog-api-key": "any" },
  });
  const { name: token } = (await answer.json()) as { name: string };
  const first = await (await open()).begin({ model, ...weather });
  await first.speak(speech(1));
  await step(first, 3000);
  first.send({ realtimeInput: { text: TEXT } });
  await step(first, 1500);
  first.send({ realtimeInput: { text: "call get_weather" } });
  await step(first, 1500);
  const [call] = first.of("toolCall");
  const { id, name } = call!.toolCall!.functionCalls[0]!;
  first.send({ toolResponse: { functionResponses: [{ id, name, response: { output: "sun" } }] } });
  await step(first, 6000);
  const handle = first.handle;
  first.socket.close(1000);
  await first.closed;
  clock.advance(10_000);
  const second = await (await open()).begin({ model, ...resume(handle) });
  second.send({ realtimeInput: { text: "two" } });
  await step(second, 4000);
  const received = (client: Client) => client.frames.map(({ at, frame }) => ({ at, frame }));
  return { token, id, handle, frames: [received(first), received(second)] };
}

for (const model of [MODEL, "models/gemini-3.1-flash-live-preview"])
  it(`two runs with the same seed send the same frames at the same times, with ${model}`, async () => {
    const one = await talkWith({ seed: 7 }, model);
    assert.ok(one.frames.flat().length > 40);
    assert.deepEqual(await talkWith({ seed: 7 }, model), one);
  });

it("another seed, or none, gives other sizes, gaps and ids", async () => {
  const all = [];
  for (const seed of [7, 8, undefined, undefined]) all.push(await talkWith({ seed }));
  for (const what of ["token", "id", "handle"] as const)
    assert.equal(new Set(all.map((each) => each[what])).size, 4, what);
  const shapes = all.map(({ frames }) =>
    JSON.stringify(frames).replace(/"id":"\w+"|"newHandle":"[^"]+"/g, ""),
  );
  assert.equal(new Set(shapes).size, 4);
});

it("strict simulators send the same frames with the same ids in every run, without a seed", async () => {
  const one = await talkWith({ strict: true });
  assert.deepEqual(await talkWith({ strict: true }), one);
  assert.notEqual((await talkWith({ strict: true, seed: 7 })).id, one.id);
});

it("a connection gets the frames of its seed, whatever other connections do", async () => {
  const framesOf = async (others: number) => {
    const { at } = await simulate({ strict: false, seed: 3 });
    const client = await (await at(`${PATH}?key=any`).opened()).begin();
    for (let n = 0; n < others; n++) {
      const other = await (await at(`${PATH}?key=any`).opened()).begin();
      other.send({ realtimeInput: { text: TEXT } });
      await other.pass(1000);
    }
    client.send({ realtimeInput: { text: TEXT } });
    await step(client, 4000);
    return client.frames.map(({ frame }) => frame);
  };
  assert.deepEqual(await framesOf(2), await framesOf(0));
});

it("the gaps vary within the measured ranges: an answer comes 400 to 500 ms after a text", async () => {
  const gaps = [];
  for (let seed = 0; seed < 12; seed++) {
    const { clock, open } = await simulate({ strict: false, seed });
    const client = await (await open()).begin();
    const asked = clock.now();
    client.send({ realtimeInput: { text: "one" } });
    await client.run(510);
    gaps.push(client.at("audio")! - asked);
  }
  assert.ok(Math.min(...gaps) >= 400 && Math.max(...gaps) <= 500, String(gaps));
  assert.ok(new Set(gaps).size > 3, String(gaps));
});
