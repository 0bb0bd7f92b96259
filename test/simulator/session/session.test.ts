// Resuming a session: what another connection continues with.

import assert from "node:assert/strict";
import { answer, type Client, drop, hangUp, resume, room, simulate, sound, speech } from "../client";

const write = (text: string) => ({ realtimeInput: { text } });
const tell = (text: string) => ({
  clientContent: { turns: [{ role: "user", parts: [{ text }] }], turnComplete: false },
});

it("a resumed session has the whole context", async () => {
  const { simulator, open } = await simulate();
  const first = await (await open()).begin({ systemInstruction: { parts: [{ text: "Be kind." }] } });
  const png = { data: "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAJ", mimeType: "image/png" };
  first.send({ realtimeInput: { video: png } });
  first.send(tell("I am Ada"));
  await answer(first, write("hello"));
  await hangUp(simulator, first);
  const conversation = simulator.conversations[0]!;
  const before = conversation.context;
  const beginnings = ["Be kind.", "PNG 8×9", "I am Ada", "hello", "This is "];
  assert.deepEqual(
    before.map(({ text }) => text.slice(0, 8)),
    beginnings,
  );

  const second = await (await open()).begin(resume(first.handle));
  assert.deepEqual(conversation.context, before);
  await answer(second, write("four"));
  assert.equal(second.said, "Echo: four", "it does not introduce itself again");
  const billed = before.reduce((sum, { tokens }) => sum + tokens, 0) + 1;
  assert.equal(second.of("turnComplete")[0]!.usageMetadata!.promptTokenCount, billed);

  assert.equal(simulator.conversations.length, 1);
  assert.equal(conversation.connections, 2);
  assert.equal(conversation.open, true);
  assert.equal(conversation.setups[0]!.sessionResumption!.handle, undefined);
  assert.equal(conversation.setup.sessionResumption!.handle, first.handle);
});

it("answers a question after a resume that was sent with turnComplete false before it", async () => {
  const { simulator, open } = await simulate();
  const first = await (await open()).begin();
  first.send(tell("what is my name?"));
  await hangUp(simulator, first);
  const second = await (await open()).begin(resume(first.handle));
  await answer(second, { clientContent: { turnComplete: true } });
  assert.match(second.said, /Echo: what is my name\?$/);
});

it("a resume replaces the system instruction, or keeps it if the setup has none", async () => {
  const { simulator, open } = await simulate();
  const instruction = (text: string) => ({ systemInstruction: { parts: [{ text }] } });
  const first = await (await open()).begin(instruction("Be kind."));
  first.send(tell("hello"));
  await hangUp(simulator, first);
  for (const [setup, expected] of [
    [{}, "Be kind."],
    [instruction("Be brief."), "Be brief."],
  ] as const) {
    const next = await (await open()).begin({ ...resume(first.handle), ...setup });
    assert.deepEqual(
      simulator.conversations[0]!.context.map(({ text }) => text),
      [expected, "hello"],
    );
    await hangUp(simulator, next);
  }
});

it("audioOffset continues after a resume", async () => {
  const { simulator, open } = await simulate();
  const hear = async (client: Client) => {
    client.frames = client.frames.filter(({ kind }) => kind === "sessionResumptionUpdate");
    await answer(client, {
      realtimeInput: { audio: sound(Buffer.concat([room(1), speech(1.5), room(1.5)])) },
    });
    return Number.parseFloat(client.of("ACTIVITY_START")[0]!.voiceActivity!.audioOffset);
  };
  const first = await (await open()).begin();
  const before = await hear(first);
  await hangUp(simulator, first);
  const after = await hear(await (await open()).begin(resume(first.handle)));
  assert.ok(Math.abs(after - before - 4) < 0.05, `${before} and ${after}`);
});

it("keeps the sent part of an answer that a connection loss cut off, and does not continue it", async () => {
  const { simulator, open } = await simulate();
  const first = await (await open()).begin();
  first.send(write("one two three four five six seven eight nine ten eleven twelve"));
  await first.run(480);
  await drop(simulator, first);
  const [question, cut] = simulator.conversations[0]!.context;
  assert.match(question!.text, /^one two/);
  assert.equal(cut!.text, `${first.said.trimEnd()} (interrupted)`);
  assert.ok(first.said.length > 10 && !first.said.endsWith("twelve"));
  assert.equal(cut!.tokens, Math.round((first.audio.length / 48000) * 25));
  const second = await (await open()).begin(resume(first.handle));
  await second.pass(20_000);
  assert.deepEqual(second.kinds, ["setupComplete", "sessionResumptionUpdate"]);
  await answer(second, write("thirteen"));
  assert.equal(second.said, "Echo: thirteen");
});

it("keeps the whole answer if it was sent before the connection was cut", async () => {
  const { simulator, open } = await simulate();
  const first = await (await open()).begin();
  first.send(write("one"));
  await first.run(1000);
  assert.equal(first.kinds.at(-1), "generationComplete");
  await drop(simulator, first);
  assert.equal(simulator.conversations[0]!.context[1]!.text, first.said);
});

it("keeps a question whose answer had not started, but does not answer it after a resume", async () => {
  const { simulator, open } = await simulate();
  const first = await (await open()).begin();
  first.send(write("hello"));
  await first.settled();
  await drop(simulator, first);
  assert.deepEqual(
    simulator.conversations[0]!.context.map(({ text }) => text),
    ["hello"],
  );
  const second = await (await open()).begin(resume(first.handle));
  await second.pass(20_000);
  assert.equal(second.of("audio").length, 0);
});
