// Pending function calls on barge-in, on connection loss, and by faults.

import assert from "node:assert/strict";
import type { Fault } from "../../../simulator/server";
import { answer, type Client, drop, hangUp, resume, room, simulate, sound, speech } from "../client";
import { blocking, call, calls, declare, FLASH, NATIVE, respond, withTools, write } from "../tools";

const speak = { realtimeInput: { audio: sound(Buffer.concat([room(0.5), speech(1), room(1.5)])) } };
const tell = { clientContent: { turns: [{ role: "user", parts: [{ text: "stop" }] }], turnComplete: false } };
const states = (simulator: { conversations: readonly { calls: readonly { state: string }[] }[] }) =>
  simulator.conversations[0]!.calls.map(({ state }) => state);
const withoutSound = (client: Client) =>
  client.kinds.filter((kind) => kind !== "audio" && kind !== "outputTranscription");

for (const [what, barge] of [
  ["speech", speak],
  ["a text", write("stop")],
  ["a context-only clientContent", tell],
] as const)
  for (const blocks of [true, false])
    it(`on 3.8 ${what} cancels no ${blocks ? "blocking" : "non-blocking"} call; a late response is ${blocks ? "accepted without an answer" : "answered"}`, async () => {
      const { client, simulator } = await withTools({ blocks });
      const [id] = await call(client, "call f");
      assert.equal(client.of("turnComplete").length, blocks ? 0 : 1);
      await answer(client, barge);
      assert.equal(client.of("toolCallCancellation").length, 0);
      assert.equal(client.of("interrupted").length, blocks ? 1 : 0);
      client.frames = [];
      await answer(client, respond({ id, name: "f", response: { output: 1 } }));
      assert.match(client.said, blocks ? /^$/ : /Echo: f answered \{"output":1\}$/);
      assert.deepEqual(states(simulator), ["answered"]);
    });

for (const [what, barge] of [
  ["speech", speak],
  ["a text", write("stop")],
] as const)
  for (const blocks of [true, false])
    it(`with cancelCalls ${what} cancels ${blocks ? "blocking" : "non-blocking"} calls; a late response is accepted without effect`, async () => {
      const { client, simulator } = await withTools({ blocks }, { cancelCalls: true });
      const [f, g] = await call(client, "call f and g");
      client.frames = [];
      await answer(client, barge);
      assert.deepEqual(client.of("toolCallCancellation"), [{ toolCallCancellation: { ids: [f, g] } }]);
      assert.deepEqual(states(simulator), ["cancelled", "cancelled"]);
      const kinds = withoutSound(client).filter((kind) => !/ACTIVITY|Transcription/.test(kind));
      const interrupted = blocks ? ["interrupted", "turnComplete"] : [];
      assert.deepEqual(kinds, ["toolCallCancellation", ...interrupted, "generationComplete", "turnComplete"]);
      client.frames = [];
      await answer(client, respond({ id: f, name: "f", response: { output: 1 } }));
      assert.deepEqual(client.frames, []);
      const [call1] = simulator.conversations[0]!.calls;
      assert.deepEqual([call1!.state, call1!.responses], ["cancelled", [{ output: 1 }]]);
      await answer(client, write("still there?"));
      assert.match(client.said, /Echo: still there\?$/);
    });

it("3.1 and 2.5 cancel calls on barge-in, as documented, but not with NO_INTERRUPTION", async () => {
  for (const model of [FLASH, NATIVE])
    for (const activityHandling of ["START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION"]) {
      const cancels = activityHandling !== "NO_INTERRUPTION";
      const { client, simulator } = await withTools({ model, realtimeInputConfig: { activityHandling } });
      const [id] = await call(client, "call f");
      await answer(client, write("stop"));
      assert.deepEqual(states(simulator), [cancels ? "cancelled" : "pending"]);
      // On 2.5 the turn is over when the call is pending.
      assert.equal(client.of("interrupted").length, cancels && model === FLASH ? 1 : 0);
      if (cancels) continue;
      await answer(client, respond({ id, name: "f", response: {} }));
      for (const echo of [/Echo: f answered \{\}/, /Echo: stop/]) assert.match(client.said, echo);
    }
});

for (const [what, end] of [
  ["was closed", hangUp],
  ["broke", drop],
] as const)
  for (const blocks of [true, false])
    it(`a ${blocks ? "blocking" : "non-blocking"} call survives when the connection ${what}; its response is accepted on the next one`, async () => {
      const { simulator, clock, open } = await simulate();
      const tools = declare(blocks ? blocking("f") : "f");
      const first = await (await open()).begin(tools);
      const [id] = await call(first, "call f");
      const handle = await withHandle(simulator, first, end);
      clock.advance(2000);
      const second = await (await open()).begin({ ...tools, ...resume(handle) });
      assert.deepEqual(states(simulator), ["pending"]);
      await answer(second, respond({ id, name: "f", response: { output: 1 } }));
      assert.match(second.said, /Echo: f answered \{"output":1\}$/);
      assert.equal(second.of("turnComplete").length, 1);
      assert.deepEqual(states(simulator), ["answered"]);
    });

for (const model of [FLASH, NATIVE])
  it(`${model} does not know a call that is newer than the handle: its response is accepted, and the model says nothing about it`, async () => {
    const { simulator, clock, open } = await simulate();
    const tools = { ...declare(blocking("f")), model, generationConfig: { responseModalities: ["AUDIO"] } };
    const first = await (await open()).begin(tools);
    const [id] = await call(first, "call f");
    const handle = await withHandle(simulator, first, drop);
    clock.advance(2500);
    const second = await (await open()).begin({ ...tools, ...resume(handle) });
    second.send(respond({ id, name: "f", response: { output: 1 } }));
    await second.pass(5_000);
    assert.equal(second.said, "");
    assert.deepEqual(states(simulator), ["cancelled"]);
    await answer(second, write("hello"));
    assert.match(second.said, /Echo: hello/);
  });

/** Ends a connection. @returns a handle from before `call` cleared its frames */
async function withHandle(simulator: Parameters<typeof drop>[0], client: Client, end: typeof drop) {
  const handle = client.raw
    .map(({ data }) => JSON.parse(data.toString()).sessionResumptionUpdate?.newHandle)
    .find(Boolean);
  await end(simulator, client);
  return handle as string;
}

it("models that send handles often send none while a call is pending", async () => {
  const { simulator, open } = await simulate({ handles: "often" });
  const client = await (await open()).begin(declare("f"));
  const [id] = await call(client, "call f");
  await client.pass(10_000);
  assert.deepEqual(states(simulator), ["pending"]);
  assert.deepEqual(
    client.of("sessionResumptionUpdate").map((frame) => frame.sessionResumptionUpdate!.resumable),
    [false],
  );
  await answer(client, respond({ id, name: "f", response: {} }));
  assert.notEqual(client.handle, undefined);
});

it("fault `call` at thinking calls functions instead of the answer, declared or not", async () => {
  const odd = { city: [null, 5] };
  const { client } = await withTools(
    {},
    {
      script: [{ at: "thinking", do: "call", calls: [{ name: "f", args: odd }, { name: "nobody" }] }],
    },
  );
  await answer(client, write("hello"));
  assert.deepEqual(client.kinds, ["toolCall", "generationComplete", "turnComplete"]);
  const made = calls(client).map(({ name, args }) => ({ name, args }));
  assert.deepEqual(made, [
    { name: "f", args: odd },
    { name: "nobody", args: {} },
  ]);
  await answer(client, write("hello"));
  assert.match(client.said, /Echo: hello$/);
});

it("fault `call` at other moments calls functions in the model's next turn", async () => {
  const { client, simulator } = await withTools();
  const order: Fault = { at: "now", do: "call", calls: [{ name: "f" }] };
  simulator.order(order);
  await client.run(10);
  assert.deepEqual(client.kinds, ["toolCall", "generationComplete", "turnComplete"]);
  client.frames = [];
  client.send(write("one two three"));
  await client.run(450);
  simulator.order(order);
  await client.pass(20_000);
  const whole = ["generationComplete", "turnComplete"];
  assert.deepEqual(withoutSound(client), [...whole, "toolCall", ...whole]);
});

it("fault `call` can answer a response with the next call", async () => {
  const script: Fault[] = [{ at: "thinking", do: "call", calls: [{ name: "g" }], times: 2 }];
  const { client } = await withTools({ blocks: true }, { script });
  const [first] = await call(client, "hello");
  await answer(client, respond({ id: first, name: "g", response: {} }));
  const second = calls(client)[1]!;
  await answer(client, respond({ id: second.id, name: "g", response: { output: 2 } }));
  assert.deepEqual(withoutSound(client), ["toolCall", "generationComplete", "turnComplete"]);
  assert.match(client.said, /Echo: g answered \{"output":2\}$/);
});

for (const blocks of [true, false])
  it(`fault \`cancel\` cancels pending ${blocks ? "blocking" : "non-blocking"} calls`, async () => {
    const { client, simulator } = await withTools({ blocks });
    const ids = await call(client, "call f and g");
    client.frames = [];
    simulator.order({ at: "now", do: "cancel" }, { at: "now", do: "cancel" });
    await client.run(10);
    const kinds = blocks ? ["toolCallCancellation", "interrupted", "turnComplete"] : ["toolCallCancellation"];
    assert.deepEqual(client.kinds, kinds);
    assert.deepEqual(client.frames[0]!.frame, { toolCallCancellation: { ids } });
    assert.deepEqual(states(simulator), ["cancelled", "cancelled"]);
  });

it("fault `reissue` repeats blocking calls under new ids; it accepts a response to the old id, and answers the new one", async () => {
  const { client, simulator } = await withTools(
    { blocks: true },
    { script: [{ at: "toolCall", do: "reissue" }] },
  );
  const ids = await call(client, 'call f with {"n":1}');
  assert.equal(ids.length, 2);
  assert.notEqual(ids[0], ids[1]);
  assert.deepEqual(calls(client)[1]!.args, { n: 1 });
  client.send(respond({ id: ids[0], name: "f", response: { output: "old" } }));
  await client.pass(5000);
  assert.deepEqual(client.kinds, ["toolCall"]);
  await answer(client, respond({ id: ids[1], name: "f", response: { output: "new" } }));
  assert.match(client.said, /model\. Echo: f answered \{"output":"new"\}$/);
  assert.equal(client.of("turnComplete").length, 1);
  assert.deepEqual(states(simulator), ["answered", "answered"]);
});

it("fault `reissue` does not repeat non-blocking calls", async () => {
  const { client, simulator } = await withTools();
  await call(client, "call f");
  client.frames = [];
  simulator.order({ at: "now", do: "reissue" });
  await client.run(10);
  assert.deepEqual(client.frames, []);
});

it("failures at toolCall happen after the call was sent", async () => {
  for (const [fault, closed] of [
    [{ do: "cut" }, { code: 1006, reason: "" }],
    [
      { do: "close", code: 1011, reason: "x" },
      { code: 1011, reason: "x" },
    ],
    [{ do: "silence" }, undefined],
    [{ do: "cancel" }, undefined],
    [{ do: "garbage" }, undefined],
    [{ do: "goAway", timeLeftMs: 5000 }, undefined],
  ] as const)
    for (const blocks of [true, false]) {
      const script = [{ at: "toolCall", ...fault } as Fault];
      const { client, simulator, clock } = await withTools({ blocks }, { script });
      client.send(write("call f"));
      await client.pass(400);
      if (closed) assert.deepEqual(await client.closed, closed);
      else await client.pass(1000);
      assert.equal(client.kinds[0], "toolCall", JSON.stringify(fault));
      const expected = {
        silence: [],
        cancel: ["toolCallCancellation"],
        garbage: ["garbage"],
        goAway: ["goAway"],
      };
      const next = client.kinds[1];
      if (closed || fault.do === "silence") assert.equal(next, undefined);
      else assert.equal(next, expected[fault.do as "cancel"][0]);
      await simulator.close();
      assert.equal(clock.waiting, 0);
    }
});

it("answers the user's next turn after a `silence` at toolCall", async () => {
  const { client } = await withTools({ blocks: true }, { script: [{ at: "toolCall", do: "silence" }] });
  const [id] = await call(client, "call f");
  await answer(client, respond({ id, name: "f", response: {} }));
  assert.deepEqual(client.kinds, ["toolCall"]);
  await answer(client, write("hello?"));
  assert.match(client.said, /Echo: hello\?$/);
});
