// Tool responses: those that the server accepts, and when the model answers them.

import assert from "node:assert/strict";
import { answer, type Client, room, sound, speech } from "../client";
import { call, EXTENDED, invalid, respond, withTools, write } from "../tools";

const field = "tool_response.function_responses[0]";
const struct = (value: string) => ({
  code: 1007,
  reason: `Invalid value at '${field}.response' (type.googleapis.com/google.protobuf.Struct), ${value}`,
});
const words = "one two three four five six seven eight nine ten";

const refused: [
  what: string,
  response: (id: string) => object[],
  closed?: object,
  setup?: { model: string },
][] = [
  ["no response at all", () => []],
  ["an unknown id", () => [{ id: "call_1", name: "f", response: {} }]],
  ["no id", () => [{ name: "f", response: {} }]],
  ["nothing in it", (id) => [{ id, name: "f" }]],
  ["two in one frame", (id) => [1, 2].map((output) => ({ id, name: "f", response: { output } }))],
  ["a text", (id) => [{ id, name: "f", response: "sunny" }], struct('"sunny"')],
  ["a list", (id) => [{ id, name: "f", response: [1] }], struct("[1]")],
  [
    "scheduling on extended thinking",
    (id) => [{ id, name: "f", response: {}, scheduling: "SILENT" }],
    invalid,
    { model: EXTENDED },
  ],
  [
    "more than 64 kB",
    (id) => [{ id, name: "f", response: { output: "x".repeat(64 * 1024) } }],
    { code: 1011, reason: "Internal error encountered." },
  ],
];

for (const [what, response, closed = invalid, setup = {}] of refused)
  it(`refuses a response with ${what}, and keeps its call pending`, async () => {
    const { client, simulator } = await withTools(setup);
    await call(client, "call f");
    await client.pass(20_000);
    const { id, name } = simulator.conversations[0]!.calls[0]!;
    assert.equal(name, "f");
    client.send(respond(...response(id)));
    assert.deepEqual(await client.closed, closed);
    assert.equal(simulator.conversations[0]!.calls[0]!.state, "pending");
    assert.deepEqual(simulator.conversations[0]!.calls[0]!.responses, []);
  });

for (const [what, name] of [
  ["without a name", {}],
  ["with another name", { name: "g" }],
] as const)
  it(`accepts a response ${what}: the id is enough`, async () => {
    const { client, simulator } = await withTools();
    const [id] = await call(client, "call f");
    await answer(client, respond({ id, ...name, response: { output: "sunny" } }));
    assert.match(client.said, /Echo: f answered {"output":"sunny"}$/);
    assert.equal(simulator.conversations[0]!.calls[0]!.state, "answered");
  });

it("refuses a second response to a call", async () => {
  const { client } = await withTools();
  const [id] = await call(client, "call f");
  await answer(client, respond({ id, name: "f", response: {} }));
  client.send(respond({ id, name: "f", response: {} }));
  assert.deepEqual(await client.closed, invalid);
});

it("ignores scheduling and willContinue for blocking calls", async () => {
  const { client, simulator } = await withTools({ blocks: true });
  const [id] = await call(client, "call f");
  await answer(client, respond({ id, name: "f", response: {}, scheduling: "SILENT", willContinue: true }));
  assert.match(client.said, /Echo: f answered \{\}$/);
  assert.equal(simulator.conversations[0]!.calls[0]!.state, "answered");
});

it("answers the responses of one frame in one turn", async () => {
  const { client } = await withTools();
  const [f, g] = await call(client, "call f and g");
  client.frames = [];
  const { toolResponse } = respond({ id: f, name: "f", response: {} }, { id: g, name: "g", response: {} });
  await answer(client, { toolResponse });
  assert.match(client.said, /Echo: f answered \{\} Echo: g answered \{\}$/);
  assert.equal(client.of("turnComplete").length, 1);
});

/** The kinds of the frames after a tool response during an answer. */
async function whileSpeaking(client: Client, scheduling?: string) {
  const [id] = await call(client, "call f");
  client.send(write(words));
  await client.run(480);
  client.frames = [];
  await answer(client, respond({ id, name: "f", response: { output: 1 }, scheduling }));
  return client.kinds.filter((kind) => kind !== "audio" && kind !== "outputTranscription");
}

const whole = ["generationComplete", "turnComplete"];

for (const scheduling of [undefined, "SCHEDULING_UNSPECIFIED", "WHEN_IDLE"])
  it(`scheduling ${scheduling} waits for the end of the answer`, async () => {
    const { client } = await withTools();
    assert.deepEqual(await whileSpeaking(client, scheduling), [...whole, ...whole]);
    assert.match(client.said, /ten *Echo: f answered \{"output":1\}$/);
  });

it("INTERRUPT interrupts the answer", async () => {
  const { client } = await withTools();
  assert.deepEqual(await whileSpeaking(client, "INTERRUPT"), ["interrupted", "turnComplete", ...whole]);
  assert.equal(client.said, 'Echo: f answered {"output":1}');
});

it("SILENT adds the response to the context without an answer", async () => {
  const { client, simulator } = await withTools();
  assert.deepEqual(await whileSpeaking(client, "SILENT"), whole);
  assert.match(client.said, /ten$/);
  assert.ok(simulator.conversations[0]!.context.some(({ text }) => text === 'f {"output":1}'));
  assert.equal(simulator.conversations[0]!.calls[0]!.state, "answered");
});

for (const scheduling of ["WHEN_IDLE", "INTERRUPT"])
  it(`scheduling ${scheduling} waits while the user speaks, and until the user is answered`, async () => {
    const { client } = await withTools();
    const [id] = await call(client, "call f");
    client.frames = [];
    await client.speak(Buffer.concat([room(0.5), speech(1)]));
    client.send(respond({ id, name: "f", response: {}, scheduling }));
    await client.speak(speech(2));
    assert.equal(client.of("audio").length, 0);
    await client.speak(room(2));
    await client.pass(20_000);
    assert.match(client.said, /here it is again\. *Echo: f answered \{\}$/);
    assert.equal(client.of("interrupted").length, 0);
  });

it("answers speech that starts before the answer to a response first, without `interrupted`", async () => {
  const { client } = await withTools();
  const [id] = await call(client, "call f");
  client.frames = [];
  client.send(respond({ id, name: "f", response: {} }));
  await client.run(300);
  await answer(client, write("hello"));
  assert.match(client.said, /Echo: hello *Echo: f answered \{\}$/);
  assert.deepEqual([client.of("interrupted").length, client.of("turnComplete").length], [0, 2]);
});

it("willContinue answers every part; an empty last part only ends the call", async () => {
  const { client, simulator } = await withTools();
  const [id] = await call(client, "call f");
  const said: string[] = [];
  for (const [response, willContinue] of [
    [{ output: 1 }, true],
    [{ output: 2 }, true],
    [{}, false],
  ]) {
    client.frames = [];
    assert.equal(simulator.conversations[0]!.calls[0]!.state, "pending");
    await answer(client, respond({ id, name: "f", response, willContinue }));
    said.push(client.said);
  }
  assert.match(said[0]!, /Echo: f answered \{"output":1\} \(more to come\)$/);
  assert.deepEqual(said.slice(1), ['Echo: f answered {"output":2} (more to come)', ""]);
  const [only] = simulator.conversations[0]!.calls;
  assert.deepEqual([only!.state, only!.responses.length], ["answered", 3]);
  client.send(respond({ id, name: "f", response: {} }));
  assert.deepEqual(await client.closed, invalid);
});

it("detects speech while a response waits", async () => {
  const { client } = await withTools();
  const [id] = await call(client, "call f");
  client.frames = [];
  client.send(respond({ id, name: "f", response: {} }));
  client.send({ realtimeInput: { audio: sound(room(0.3)) } });
  await client.pass(20_000);
  assert.match(client.said, /f answered/);
});

it("a barge-in before the answer to a response stops it", async () => {
  const { client } = await withTools();
  const [id] = await call(client, "call f");
  client.frames = [];
  client.send(respond({ id, name: "f", response: {} }));
  await client.run(300);
  await answer(client, { clientContent: { turnComplete: false } });
  assert.deepEqual(client.kinds, ["interrupted", "turnComplete"]);
});

it("answers a text before the response to a blocking call", async () => {
  const { client } = await withTools({ blocks: true });
  const [id] = await call(client, "call f");
  client.send(respond({ id, name: "f", response: {} }));
  await client.run(300);
  await answer(client, write("hello"));
  assert.deepEqual(client.kinds.slice(0, 3), ["toolCall", "interrupted", "turnComplete"]);
  assert.match(client.said, /Echo: hello *Echo: f answered \{\}$/);
});
