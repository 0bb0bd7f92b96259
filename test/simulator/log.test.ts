// The lines that a simulator reports: one for each connection, setup, turn, tool call and fault.

import assert from "node:assert/strict";
import { once } from "node:events";
import type { SimulatorOptions } from "../../simulator/server";
import { answer, drop, hangUp, MODEL, NATIVE, PATH, resume, simulate, sound, speech } from "./client";
import { write } from "./tools";

async function logged(options: SimulatorOptions = {}) {
  const lines: string[] = [];
  return { lines, ...(await simulate({ log: (line) => lines.push(line), ...options })) };
}

const weather = { tools: [{ functionDeclarations: [{ name: "get_weather" }] }] };

it("a line for each connection, setup, turn and end, with the number of the connection", async () => {
  const { lines, simulator, open } = await logged();
  const first = await (await open()).begin();
  await answer(first, write("hello"));
  await hangUp(simulator, first);
  const second = await (await open()).begin(resume(first.handle));
  await drop(simulator, second);
  assert.deepEqual(lines, [
    "#1 connection on v1beta",
    "#1 setup models/gemini-3.8-live",
    "#1 turn complete after 0.7 s of audio",
    "#1 closed by the client with 1000",
    "#2 connection on v1beta",
    "#2 setup models/gemini-3.8-live, a resume",
    "#2 lost",
  ]);
});

it("interrupted turns and tool calls have lines, too", async () => {
  const { lines, open } = await logged();
  const client = await (await open()).begin(weather);
  client.send(write("call get_weather"));
  await client.pass(3000);
  client.send(write("one two three four five"));
  await client.pass(600);
  client.send(write("stop"));
  await client.pass(100);
  assert.deepEqual(lines.slice(2), [
    "#1 tool call get_weather",
    "#1 turn complete",
    "#1 turn interrupted after 1.7 s of audio",
  ]);
});

it("turns of models that transcribe and translate have lines, although no frame ends them", async () => {
  for (const [model, line] of [
    ["gemini-3.5-transcribe-live", /^#1 turn of 1\.\d s of speech transcribed$/],
    ["gemini-3.5-live-translate-preview", /^#1 turn of 1\.\d s of speech translated$/],
  ] as const) {
    const { lines, open } = await logged();
    const client = await (await open()).begin({ model: `models/${model}` });
    await client.speak(Buffer.concat([speech(1.2), Buffer.alloc(64_000)]));
    await client.pass(2000);
    assert.match(lines.at(-1)!, line);
  }
});

it("a line for each close by the server, with its code and reason, and for each refused handshake", async () => {
  const script = [{ at: "handshake", do: "refuseHandshake", status: 503, connection: 2 }] as const;
  const { lines, at } = await logged({ key: "right", script });
  await at(`${PATH}?key=wrong`).closed;
  await once(at(`${PATH}?key=right`).socket, "unexpected-response");
  await once(at(`${PATH.replace("v1beta", "v1")}?key=right`).socket, "unexpected-response");
  assert.deepEqual(lines, [
    "#1 connection on v1beta",
    "#1 closed with 1007 API key not valid. Please pass a valid API key.",
    "#2 connection on v1beta",
    "#2 fault refuseHandshake at handshake",
    "#2 handshake refused with 503",
    `handshake refused with 404: no Live API at ${PATH.replace("v1beta", "v1")}`,
  ]);
});

it("a line for each fault, when it happens", async () => {
  const { lines, clock, open, simulator } = await logged({
    script: [{ at: "ready", afterMs: 1000, do: "close", code: 1011, reason: "Internal error encountered." }],
  });
  const client = await (await open()).begin();
  simulator.order({ at: "now", do: "garbage" });
  clock.advance(1000);
  await client.closed;
  assert.deepEqual(lines.slice(2), [
    "#1 fault garbage at now",
    "#1 fault close at ready",
    "#1 closed with 1011 Internal error encountered.",
  ]);
});

it("no line contains a key, a token, a handle, a text or sound, or breaks", async () => {
  const { lines, simulator, at } = await logged({ key: "the-key" });
  const answered = await fetch(`${simulator.url}/v1beta/auth_tokens`, {
    method: "POST",
    headers: { "x-goog-api-key": "the-key" },
    body: JSON.stringify({ uses: 0 }),
  });
  const { name: token } = (await answered.json()) as { name: string };
  const pcm = speech(1);
  const clients = await Promise.all(
    [
      `${PATH}?key=the-key`,
      `${PATH}Constrained?access_token=${token}`,
      `${PATH}?key=a-wrong-key`,
      `${PATH}Constrained?access_token=${token}x`,
    ].map((path) => at(path).opened()),
  );
  for (const client of clients) {
    await client.begin();
    await answer(client, write("a private text"));
    await answer(client, { realtimeInput: { audio: { ...sound(pcm), data: `%${sound(pcm).data}` } } });
    await client.closed;
  }
  for (const first of [
    { setup: { model: "models/a\nb" } },
    { setup: { model: MODEL, sessionResumption: { handle: ["a-handle"] } } },
    { setup: { model: NATIVE, generationConfig: { responseModalities: ["a-value"] } } },
  ]) {
    const client = await at(`${PATH}?key=the-key`).opened();
    client.send(first);
    await client.closed;
  }
  await at(`/v1/models?key=the-key&access_token=${token}`).closed;
  const all = lines.join("\n");
  assert.equal(lines.length > 15, true, all);
  assert.match(all, /^#1 closed with 1007 Invalid value at 'realtime_input\.audio\.data' \(TYPE_BYTES\)$/m);
  for (const secret of [
    "the-key",
    "a-wrong-key",
    token,
    clients[0]!.handle!,
    "a private text",
    sound(pcm).data.slice(0, 40),
    "a-handle",
    "a-value",
  ])
    assert.ok(!all.includes(secret), secret);
  assert.match(all, /closed with 1008 models\/a b is not found/);
});
