// The voiceActivity frames: their shape and their offsets.

import assert from "node:assert/strict";
import { converse, room, sound, speech } from "../client";

it("voiceActivity has a type and an offset in multiples of 40 ms, beside an empty serverContent", async () => {
  const { client } = await converse();
  client.send({ realtimeInput: { audio: sound(Buffer.concat([room(0.73), speech(1), room(1.4)])) } });
  await client.pass(20_000);
  const frames = [...client.of("ACTIVITY_START"), ...client.of("ACTIVITY_END")];
  assert.equal(frames.length, 2);
  for (const { serverContent, voiceActivity } of frames) {
    assert.deepEqual(serverContent, {});
    assert.deepEqual(Object.keys(voiceActivity!), ["type", "audioOffset"]);
    assert.match(voiceActivity!.audioOffset, /^\d+(\.\d{3})?s$/);
    assert.equal(Math.round(Number.parseFloat(voiceActivity!.audioOffset) * 1000) % 40, 0);
  }
});

it("a whole second of audioOffset has no decimals", async () => {
  const { client } = await converse({
    realtimeInputConfig: { automaticActivityDetection: { prefixPaddingMs: 0, silenceDurationMs: 500 } },
  });
  // 0.9 s of quiet, and 100 ms until speech is detected.
  client.send({ realtimeInput: { audio: sound(Buffer.concat([room(0.88), speech(1), room(1.4)])) } });
  await client.pass(20_000);
  assert.equal(client.of("ACTIVITY_START")[0]!.voiceActivity!.audioOffset, "1s");
});
