// The frames of an answer: their fields and their sizes.

import assert from "node:assert/strict";
import type { SimulatorOptions } from "../../../simulator/server";
import { type Client, converse, type Frame } from "../client";
import { NATIVE, write } from "../tools";

const TEXT = "one two three four five six seven eight nine ten eleven twelve ".repeat(4);

/** The frames of an answer, and the sizes of its audio in bytes. */
async function answerTo(setup: object = {}, options: SimulatorOptions = {}) {
  const { client } = await converse(setup, options);
  client.raw = [];
  client.send(write(TEXT));
  await client.pass(60_000);
  const frames = client.raw.map(({ data }) => JSON.parse(data.toString()) as Frame);
  const audio = frames.filter(({ serverContent }) => serverContent?.modelTurn);
  return { client, frames, audio, sizes: sizesOf(client) };
}

const sizesOf = (client: Client) =>
  client
    .of("audio")
    .map((frame) => Buffer.from(frame.serverContent!.modelTurn!.parts[0]!.inlineData!.data, "base64").length);

it("audio and its transcription share a frame, after an empty serverContent and between empty frames", async () => {
  const { frames, audio } = await answerTo({}, { strict: false, seed: 2 });
  const first = frames.indexOf(audio[0]!);
  assert.deepEqual(frames[first - 1], { serverContent: {} });
  assert.ok(audio.some(({ serverContent }) => serverContent!.outputTranscription));
  assert.ok(!frames.some(({ serverContent: c }) => c?.outputTranscription && !c.modelTurn));
  const empty = audio.slice(1).filter((each) => Object.keys(frames[frames.indexOf(each) - 1]!).length === 0);
  assert.ok(empty.length > audio.length / 2 && empty.length < audio.length - 1);
});

it("2.5 sends one field per frame, and no empty frames", async () => {
  const { frames } = await answerTo({
    model: NATIVE,
    generationConfig: { responseModalities: ["AUDIO"] },
  });
  assert.ok(frames.some(({ serverContent }) => serverContent?.outputTranscription));
  for (const { serverContent } of frames)
    assert.ok(!serverContent || serverContent.turnComplete || Object.keys(serverContent).length === 1);
});

it("most chunks have 10 to 14 kB, some of them anything from 2 B to 27 kB, and all of them whole samples", async () => {
  const { sizes } = await answerTo({}, { strict: false, seed: 2 });
  assert.ok(sizes.every((bytes) => bytes % 2 === 0 && bytes >= 2 && bytes <= 27_000));
  const usual = sizes.filter((bytes) => bytes >= 10_000 && bytes <= 14_000).length;
  assert.ok(usual > sizes.length * 0.7 && usual < sizes.length - 1);
});

it("the chunks of a strict simulator all have 11,520 bytes, up to the last one", async () => {
  const { sizes } = await answerTo();
  assert.ok(sizes.length > 10);
  assert.deepEqual(new Set(sizes.slice(0, -1)), new Set([11_520]));
});
