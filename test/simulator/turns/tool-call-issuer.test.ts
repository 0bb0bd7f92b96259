// Function calls and their responses, by model.

import assert from "node:assert/strict";
import { answer, room, sound, speech } from "../client";
import { call, calls, EXTENDED, FLASH, NATIVE, respond, withTools, write } from "../tools";

it("`call NAME with {…}` calls the function with these arguments", async () => {
  const { client } = await withTools();
  for (const [text, expected] of [
    ["call f", [["f", {}]]],
    ['Call f with {"city":"Berlin"} ', [["f", { city: "Berlin" }]]],
    [
      'call f with {"n": [1]} and g',
      [
        ["f", { n: [1] }],
        ["g", {}],
      ],
    ],
    [
      'call g and call f with {"say":"salt and \\"pepper\\" and call g"}',
      [
        ["g", {}],
        ["f", { say: 'salt and "pepper" and call g' }],
      ],
    ],
  ] as const) {
    await call(client, text);
    assert.equal(client.of("toolCall").length, 1, text);
    assert.deepEqual(
      calls(client).map(({ name, args }) => [name, args]),
      expected,
    );
  }
});

for (const [text, said] of [
  ["call nobody", "I have no tool named nobody."],
  ["call f and nobody", "I have no tool named nobody."],
  ["call f with everything", "The arguments for f are not a JSON object: everything"],
  ["call f with [1]", "The arguments for f are not a JSON object: [1]"],
  ["call me tomorrow", "Echo: call me tomorrow"],
] as const)
  it(`answers "${text}" with "${said}"`, async () => {
    const { client } = await withTools();
    await answer(client, write(text));
    assert.equal(client.said, `This is the simulator's echo, not a model. ${said}`);
    assert.equal(client.of("toolCall").length, 0);
  });

for (const [model, blocks, id] of [
  ["models/gemini-3.8-live", false, /^call_\d{6,7}$/],
  ["models/gemini-3.8-live", true, /^fc_\d{19,20}$/],
  [FLASH, true, /^function-call-\d+$/],
  [NATIVE, true, /^function-call-\d+$/],
] as const)
  it(`ids of ${blocks ? "blocking" : "non-blocking"} calls on ${model} match ${id.source} and differ`, async () => {
    const { client } = await withTools({ model, blocks });
    const ids = await call(client, "call f and f and g");
    for (const each of ids) assert.match(each, id);
    assert.equal(new Set(ids).size, 3);
  });

it("on 3.8 the turn ends with the call; the answer to the response follows 0.7 s later in its own turn", async () => {
  const { client, simulator } = await withTools();
  const [id] = await call(client, 'call f with {"city":"Berlin"}');
  assert.deepEqual(client.kinds, ["toolCall", "generationComplete", "turnComplete"]);
  const times = new Set(client.frames.map(({ at }) => at));
  assert.equal(times.size, 1);
  assert.ok(client.of("turnComplete")[0]!.usageMetadata!.responseTokenCount > 0);
  const { calls } = simulator.conversations[0]!;
  assert.deepEqual(calls, [{ id, name: "f", args: { city: "Berlin" }, responses: [], state: "pending" }]);
  client.frames = [];
  const sent = client.clock.now();
  client.send(respond({ id, name: "f", response: { output: "sunny" } }));
  await client.run(8000);
  assert.equal(client.at("audio"), sent + 700);
  assert.match(client.said, /Echo: f answered \{"output":"sunny"\}$/);
  assert.deepEqual(client.kinds.slice(-2), ["generationComplete", "turnComplete"]);
  const [after] = simulator.conversations[0]!.calls;
  assert.deepEqual([after!.state, after!.responses], ["answered", [{ output: "sunny" }]]);
});

it("says that a response is an error", async () => {
  const { client } = await withTools();
  const [id] = await call(client, "call f");
  await answer(client, respond({ id, name: "f", response: { error: "no network" } }));
  assert.match(client.said, /Echo: f failed: no network$/);
});

it("adds calls, responses and answers to the context and the usage", async () => {
  const { client, simulator } = await withTools();
  const [id] = await call(client, "call f");
  await answer(client, respond({ id, name: "f", response: { output: 1 } }));
  const { context } = simulator.conversations[0]!;
  assert.deepEqual(
    context.slice(0, 3).map(({ role, text }) => [role, text]),
    [
      ["user", "call f"],
      ["model", '[{"name":"f","args":{}}]'],
      ["tool", 'f {"output":1}'],
    ],
  );
  const [asked, called, response] = context.map(({ tokens }) => tokens);
  const usage = client.of("turnComplete")[1]!.usageMetadata!;
  assert.equal(usage.promptTokenCount, asked! + called!);
  assert.equal(usage.toolUsePromptTokenCount, response);
  assert.deepEqual(usage.toolUsePromptTokensDetails, [{ modality: "TEXT", tokenCount: response }]);
  assert.equal(usage.totalTokenCount, usage.promptTokenCount + usage.responseTokenCount + response!);
});

it("answers texts while a non-blocking call is pending", async () => {
  const { client } = await withTools();
  const [id] = await call(client, "call f");
  await answer(client, write("hello"));
  assert.match(client.said, /Echo: hello$/);
  client.frames = [];
  await answer(client, respond({ id, name: "f", response: {} }));
  assert.equal(client.said, "Echo: f answered {}");
});

for (const [what, setup] of [
  ["3.1", { model: FLASH }],
  ["3.8 if declared so", { blocks: true }],
] as const)
  it(`on ${what} the model is silent until all responses, and sends one turnComplete`, async () => {
    const { client } = await withTools(setup);
    const [f, g] = await call(client, "call f and g");
    await client.pass(60_000);
    client.send(respond({ id: g, name: "g", response: { output: 2 } }));
    await client.pass(60_000);
    assert.deepEqual(client.kinds, ["toolCall"]);
    const sent = client.clock.now();
    client.send(respond({ id: f, name: "f", response: { output: 1 } }));
    await client.run(10_000);
    assert.equal(client.at("audio"), sent + 700);
    assert.match(client.said, /Echo: g answered \{"output":2\} Echo: f answered \{"output":1\}$/);
    assert.equal(client.of("turnComplete").length, 1);
    assert.equal(client.of("generationComplete").length, 1);
    assert.equal(client.of("toolCallCancellation").length, 0);
  });

it("on 2.5 a blocking call ends the turn; the model is silent until all responses, and answers in a turn of its own", async () => {
  const { client } = await withTools({ model: NATIVE });
  const [f, g] = await call(client, "call f and g");
  assert.deepEqual(client.kinds, ["toolCall", "generationComplete", "turnComplete"]);
  client.frames = [];
  client.send(respond({ id: g, name: "g", response: { output: 2 } }));
  await client.pass(60_000);
  assert.equal(client.of("audio").length, 0);
  const sent = client.clock.now();
  client.send(respond({ id: f, name: "f", response: { output: 1 } }));
  await client.run(10_000);
  assert.equal(client.at("audio"), sent + 700);
  assert.match(client.said, /Echo: g answered \{"output":2\} Echo: f answered \{"output":1\}$/);
  assert.equal(client.of("generationComplete").length, 1);
  assert.equal(client.of("turnComplete").length, 1);
});

it("on 3.1 audio during a pending blocking call closes the connection", async () => {
  const { client, simulator } = await withTools({ model: FLASH });
  client.send({ realtimeInput: { audio: sound(room(0.1)) } });
  await call(client, "call f");
  client.send({ realtimeInput: { audio: sound(room(0.1)) } });
  assert.deepEqual(await client.closed, { code: 1008, reason: "The operation was aborted." });
  assert.equal(simulator.conversations[0]!.calls[0]!.state, "pending");
});

it("on other models audio during a pending blocking call is accepted", async () => {
  const { client } = await withTools({ blocks: true });
  await call(client, "call f");
  client.send({ realtimeInput: { audio: sound(Buffer.concat([room(0.5), speech(1), room(1.5)])) } });
  await client.pass(20_000);
  assert.deepEqual(client.kinds.slice(0, 4), ["toolCall", "ACTIVITY_START", "interrupted", "turnComplete"]);
  assert.match(client.said, /You said something/);
});

it("extended thinking speaks a filler before its calls, and is IDLE after all responses", async () => {
  const { client } = await withTools({ model: EXTENDED });
  await answer(client, write("call f and g"));
  assert.equal(client.said, "One moment, please.");
  assert.deepEqual(client.kinds.slice(-3), ["generationComplete", "turnComplete", "toolCall"]);
  const [f, g] = calls(client);
  await answer(client, respond({ id: f!.id, name: "f", response: {} }));
  await answer(client, respond({ id: g!.id, name: "g", response: {} }));
  assert.deepEqual(
    client.frames
      .filter(({ kind }) => kind === "turnComplete" || kind === "toolCall")
      .map(({ frame }) => frame.interactionStatus ?? frame.serverContent!.interactionStatus),
    ["IN_PROGRESS", "IN_PROGRESS", "IN_PROGRESS", "IDLE"],
  );
});

it("answers a text that came with a call command after the call", async () => {
  const realtimeInputConfig = { activityHandling: "NO_INTERRUPTION" };
  const { client } = await withTools({ realtimeInputConfig });
  client.send(write("one"));
  await client.run(450);
  client.send(write("two"));
  await answer(client, write("call f"));
  assert.equal(calls(client).length, 1);
  assert.match(client.said, /Echo: one *Echo: two$/);
});

it("an interruption of the filler cancels its calls", async () => {
  const { client, simulator } = await withTools({ model: EXTENDED });
  client.send(write("call f"));
  await client.run(450);
  await answer(client, write("stop"));
  assert.deepEqual([calls(client), simulator.conversations[0]!.calls], [[], []]);
  assert.match(client.said, /Echo: stop$/);
  const { interactionStatus } = client.of("turnComplete").at(-1)!.serverContent!;
  assert.equal(interactionStatus, "IDLE");
});

it("keeps the last 500 calls", async () => {
  const { client, simulator } = await withTools();
  await answer(client, write(`call f${" and f".repeat(509)} and g`));
  const kept = simulator.conversations[0]!.calls;
  assert.equal(kept.length, 500);
  assert.equal(kept.at(-1)!.name, "g");
});
