// Translation by live-translate: both sides interleaved while the user speaks, and no end of a turn.

import assert from "node:assert/strict";
import { converse, room, speech } from "../client";

/** A translation of 3.5 s of speech. @param target the target language @returns the client, after the given audio */
async function translate(target?: string, audio = [room(0.5), speech(3.5), room(3)]) {
  const { client } = await converse({
    model: "models/gemini-3.5-live-translate-preview",
    ...(target && { generationConfig: { translationConfig: { targetLanguageCode: target } } }),
  });
  await client.speak(Buffer.concat(audio));
  return client;
}

it("sends transcripts of both sides with their languages, and audio, while the user still speaks", async () => {
  const client = await translate("es", [room(0.5), speech(3.5)]);
  assert.deepEqual(client.frames[0]!.frame, {
    serverContent: { inputTranscription: { languageCode: "en" } },
  });
  const kinds = client.frames.slice(1).map(({ kind }) => kind);
  assert.ok(kinds.filter((kind) => kind === "inputTranscription").length >= 2, kinds.join());
  assert.deepEqual(kinds.slice(0, 3), ["inputTranscription", "audio", "outputTranscription"]);
  for (const { serverContent } of client.of("outputTranscription"))
    assert.equal(serverContent!.outputTranscription!.languageCode, "es");
});

it("returns the speech as audio, about 15 chunks for each second", async () => {
  const client = await translate("es");
  const seconds = client.audio.length / 48000;
  assert.ok(seconds > 3.3 && seconds < 4, String(seconds));
  const chunks = client.of("audio").length;
  assert.ok(chunks >= 15 * seconds && chunks < 15 * seconds + 5, String(chunks));
});

it("counts tokens in frames of their own, and never ends, interrupts or completes a turn", async () => {
  const client = await translate("es");
  const counted = client.raw
    .map(({ data }) => JSON.parse(data.toString()))
    .filter(({ usageMetadata }) => usageMetadata);
  assert.ok(counted.length >= 3);
  for (const frame of counted) assert.deepEqual(frame.serverContent, {});
  const kinds = new Set(client.kinds);
  for (const kind of ["turnComplete", "generationComplete", "interrupted", "ACTIVITY_START", "ACTIVITY_END"])
    assert.ok(!kinds.has(kind), kind);
});

it("translates to English without a translationConfig", async () => {
  const client = await translate(undefined);
  assert.equal(client.of("outputTranscription")[0]!.serverContent!.outputTranscription!.languageCode, "en");
  assert.equal(client.of("inputTranscription")[0]!.serverContent!.inputTranscription!.languageCode, "de");
});
