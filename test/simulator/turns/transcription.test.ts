// Transcription by transcribe-live: interim transcripts, segments and their ends.

import assert from "node:assert/strict";
import { converse, room, simulate, sound, speech } from "../client";

const model = "models/gemini-3.5-transcribe-live";
const manual = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
const input = (realtimeInput: object) => ({ realtimeInput });

/** A conversation whose setup asks for input transcription. */
const transcribe = (setup: object = {}) => converse({ model, ...setup });

it("sends interim transcripts while the user speaks, then one transcript, generationComplete and ACTIVITY_END", async () => {
  const { client } = await transcribe();
  await client.speak(Buffer.concat([room(1), speech(3), room(3)]));
  assert.deepEqual(client.kinds, [
    "ACTIVITY_START",
    "interimInputTranscription",
    "inputTranscription",
    "generationComplete",
    "ACTIVITY_END",
  ]);
  const interims = client.frames.filter(({ kind }) => kind === "interimInputTranscription");
  const waits = interims.map(
    ({ at }, index) => at - (interims[index - 1]?.at ?? client.at("ACTIVITY_START")!),
  );
  assert.equal(waits[0], 1000);
  assert.ok(waits.length > 3 && waits.slice(1).every((wait) => wait === 500), String(waits));
  const texts = interims.map(({ frame }) => frame.serverContent!.interimInputTranscription!.text);
  assert.deepEqual(texts, texts.toSorted(), "each interim covers the utterance from its start");
  assert.match(
    client.of("inputTranscription")[0]!.serverContent!.inputTranscription!.text!,
    /^\((2\.9|3\.\d) sec/,
  );
  assert.equal(client.of("inputTranscription").length, 1);
});

it("manual: the transcript comes 260 ms after activityEnd; audio outside of an activity is ignored", async () => {
  const { client } = await transcribe(manual);
  await client.speak(speech(1));
  assert.deepEqual(client.kinds, []);
  client.send(input({ activityStart: {} }));
  await client.run(50);
  assert.deepEqual(client.kinds, ["ACTIVITY_START"]);
  await client.speak(speech(0.9));
  const ended = client.clock.now();
  client.send(input({ activityEnd: {} }));
  await client.run(300);
  assert.deepEqual(client.kinds.slice(1), ["inputTranscription", "generationComplete", "ACTIVITY_END"]);
  assert.equal(client.at("inputTranscription"), ended + 260);
  assert.match(client.of("inputTranscription")[0]!.serverContent!.inputTranscription!.text!, /^\(0\.9 sec/);
});

it("manual: an activity with only silence has no transcript and no generationComplete", async () => {
  const { client } = await transcribe(manual);
  client.send(input({ activityStart: {} }));
  await client.speak(room(0.5));
  client.send(input({ activityEnd: {} }));
  await client.run(1000);
  assert.deepEqual(client.kinds, ["ACTIVITY_START", "ACTIVITY_END"]);
});

it("manual: an activity without audio is answered by turnComplete, and closes with 1007", async () => {
  const { client } = await transcribe(manual);
  client.send(input({ activityStart: {}, activityEnd: {} }));
  assert.deepEqual(await client.closed, { code: 1007, reason: "Precondition check failed." });
  assert.deepEqual(client.frames.at(-1)!.frame, { serverContent: { turnComplete: true }, usageMetadata: {} });
});

it("audioStreamEnd ends the segment; without silence as audio it does not end by itself", async () => {
  const { client } = await transcribe();
  await client.speak(Buffer.concat([room(0.5), speech(1)]));
  await client.run(3000);
  assert.equal(client.of("inputTranscription").length, 0);
  client.send(input({ audioStreamEnd: true }));
  await client.run(560);
  assert.deepEqual(client.kinds.slice(-3), ["inputTranscription", "generationComplete", "ACTIVITY_END"]);
});

it("accepts mediaChunks and sessionResumption, and sends no handle", async () => {
  const { client } = await transcribe({ sessionResumption: {} });
  client.send(input({ mediaChunks: [sound(Buffer.concat([room(0.5), speech(1), room(2)]))] }));
  await client.pass(5000);
  assert.equal(client.of("inputTranscription").length, 1);
  assert.equal(client.of("sessionResumptionUpdate").length, 0);
});

it("answers no text", async () => {
  const { client } = await transcribe();
  client.send(input({ text: "hello" }));
  await client.pass(20_000);
  assert.deepEqual(client.kinds, []);
});

it("sends goAway after 540 s, and closes with 1008 after 590 s", async () => {
  const { open } = await simulate();
  const client = await (await open()).begin({ model });
  await client.pass(540_000 - 601);
  assert.equal(client.of("goAway").length, 0);
  await client.pass(1);
  assert.deepEqual(client.of("goAway")[0]!.goAway, { timeLeft: "50s" });
  await client.pass(50_000);
  assert.equal((await client.closed).code, 1008);
});
