// Turns with speech: detection, answer times, the echo of the user's
// speech, barge-in, and manual turn detection.

import assert from "node:assert/strict";
import { CHIME_MS } from "../../../simulator/output/speech-synthesis";
import { type Client, converse, noiseSource, pcm, room, sound, speech, voice } from "../client";

const realtime = (automaticActivityDetection: object, activityHandling?: string) => ({
  realtimeInputConfig: { automaticActivityDetection, activityHandling },
});

/** The correlation of the answer with the speech, at the best delay up to `most` seconds. 1: equal */
function likeness(answer: Buffer, seconds: number, most = 0.6) {
  const echo = answer.subarray(CHIME_MS * 48);
  const said = pcm(seconds, 24000, (t) => voice(t));
  const at = (delay: number, step: number) => {
    let [product, left, right] = [0, 0, 0];
    for (let n = 0; n < said.length / 2; n += step) {
      const other = (n + delay) * 2 < echo.length - 1 ? echo.readInt16LE((n + delay) * 2) : 0;
      const own = said.readInt16LE(n * 2);
      product += own * other;
      left += own ** 2;
      right += other ** 2;
    }
    return product / Math.sqrt(left * right || 1);
  };
  const delays = Array.from({ length: most * 24000 }, (_, delay) => delay);
  const coarse = delays.map((delay) => at(delay, 37));
  return at(coarse.indexOf(Math.max(...coarse)), 1);
}

/** Advances the clock to the end of everything. */
async function finish(client: Client, ms = 20_000) {
  await client.settled();
  client.clock.advance(ms);
  await client.settled();
}

it("detects, transcribes and answers speech at the measured times", async () => {
  const { client } = await converse();
  const hush = noiseSource();
  await client.speak(room(1, 16000, hush));
  const began = client.clock.now();
  await client.speak(speech(2));
  const ended = client.clock.now();
  // The microphone continues: the server detects the end by silence.
  await client.speak(room(1.4, 16000, hush));
  await client.run(4000);
  const noticed = client.at("ACTIVITY_START")! - began;
  assert.ok(noticed >= 140 && noticed <= 240, `ACTIVITY_START after ${noticed} ms`);
  const answered = client.at("audio")! - ended;
  assert.ok(answered >= 1150 && answered <= 1300, `answer after ${answered} ms`);
  assert.deepEqual(client.kinds.slice(0, 5), [
    "ACTIVITY_START",
    "inputTranscription",
    "ACTIVITY_END",
    "audio",
    "outputTranscription",
  ]);
  for (const kind of ["inputTranscription", "ACTIVITY_END", "outputTranscription"])
    assert.equal(client.at(kind), client.at("audio"), kind);
  assert.match(
    client.of("inputTranscription")[0]!.serverContent!.inputTranscription!.text!,
    /^\((1\.[89]|2\.0) seconds of speech\)$/,
  );
  // The stream position of the server's decision, not of the speech.
  const [startAt, endAt] = ["ACTIVITY_START", "ACTIVITY_END"].map((kind) =>
    Number.parseFloat(client.of(kind)[0]!.voiceActivity!.audioOffset),
  );
  assert.ok(startAt! >= 1.12 && startAt! <= 1.24, `ACTIVITY_START at ${startAt} s of the stream`);
  assert.ok(endAt! >= 4.12 && endAt! <= 4.28, `ACTIVITY_END at ${endAt} s of the stream`);
  assert.equal(client.kinds.at(-1), "turnComplete");
});

for (const rate of [8000, 16000, 24000, 44100, 48000])
  it(`echoes the user's speech, sent at ${rate} Hz`, async () => {
    const { client } = await converse();
    const noise = noiseSource(3);
    const all = [room(0.4, rate, noise), speech(1.5, rate, noise), room(1, rate, noise)];
    client.send({ realtimeInput: { audio: sound(Buffer.concat(all), rate) } });
    await finish(client);
    assert.match(
      client.said,
      /^This is the simulator's echo, not a model\. You said something, 1\.\d seconds of speech/,
    );
    const alike = likeness(client.audio, 1.5);
    assert.ok(alike > 0.98, `likeness ${alike}`);
  });

it("accepts a change of the sample rate within an utterance", async () => {
  const { client } = await converse();
  const parts = [0, 1, 2].map((n) => [16000, 48000, 8000][n]!);
  client.send({ realtimeInput: { audio: sound(room(0.5)) } });
  for (const [n, rate] of parts.entries())
    client.send({
      realtimeInput: {
        audio: sound(
          pcm(0.5, rate, (t) => voice(t + n / 2)),
          rate,
        ),
      },
    });
  client.send({ realtimeInput: { audioStreamEnd: true } });
  await finish(client);
  assert.ok(likeness(client.audio, 1.5) > 0.9);
});

it("audioStreamEnd ends the user's turn at once", async () => {
  const { client } = await converse();
  await client.speak(Buffer.concat([room(0.5), speech(1)]));
  const sent = client.clock.now();
  client.send({ realtimeInput: { audioStreamEnd: true } });
  await client.run(450);
  assert.equal(client.at("audio"), sent + 400);
  assert.deepEqual(client.kinds.slice(0, 3), ["ACTIVITY_START", "inputTranscription", "ACTIVITY_END"]);
});

it("audio that stops without audioStreamEnd does not end the user's turn", async () => {
  const { client } = await converse();
  await client.speak(Buffer.concat([room(0.5), speech(1)]));
  await finish(client, 60_000);
  assert.deepEqual(client.kinds, ["ACTIVITY_START"]);
});

it("silenceDurationMs limits pauses within a turn", async () => {
  const pause = Buffer.concat([room(0.3), speech(1), room(0.5)]);
  const answers = async (detection: object) => {
    const { client } = await converse(realtime(detection));
    await client.speak(pause);
    await finish(client);
    return client.of("turnComplete").length;
  };
  assert.equal(await answers({ silenceDurationMs: 300 }), 1);
  assert.equal(await answers({ silenceDurationMs: 2000 }), 0);
});

it("speech after a pause before the answer continues the user's turn", async () => {
  const { client } = await converse(realtime({ silenceDurationMs: 300 }));
  await client.speak(Buffer.concat([room(0.5), speech(1), room(0.45), speech(1), room(0.5)]));
  await finish(client);
  assert.equal(client.of("ACTIVITY_START").length, 1);
  assert.equal(client.of("inputTranscription").length, 1);
  assert.equal(client.of("interrupted").length, 0);
  assert.equal(client.of("turnComplete").length, 1);
  assert.ok(client.audio.length > 2.3 * 48000);
});

/** Speaks, waits for the answer, and speaks again `ms` after its start. */
async function bargeIn(client: Client, ms: number) {
  await client.speak(Buffer.concat([room(0.5), speech(2)]));
  client.send({ realtimeInput: { audioStreamEnd: true } });
  await client.run(400 + ms);
  client.frames = [];
  const began = client.clock.now();
  await client.speak(speech(0.4));
  return began;
}

for (const [when, ms, generating] of [
  ["while the answer is generated", 30, true],
  ["while it would be playing", 800, false],
] as const)
  it(`barge-in ${when} interrupts it`, async () => {
    const { client } = await converse();
    const began = await bargeIn(client, ms);
    client.frames = client.frames.filter(({ at }) => at > began + 100);
    await client.run(100);
    const kinds = client.kinds.slice(client.kinds.indexOf("ACTIVITY_START"));
    assert.deepEqual(kinds, ["ACTIVITY_START", "interrupted", "turnComplete"]);
    const noticed = client.at("interrupted")!;
    assert.equal(noticed, client.at("ACTIVITY_START"));
    assert.ok(noticed - began >= 140 && noticed - began <= 240);
    assert.ok(client.at("turnComplete")! - noticed <= 20);
    assert.ok(client.of("turnComplete")[0]!.usageMetadata!.responseTokenCount > 0);
    if (generating) assert.equal(client.of("generationComplete").length, 0);
    client.frames = [];
    client.send({ realtimeInput: { audioStreamEnd: true } });
    await finish(client);
    assert.match(client.said, /^Echo: 0\.\d seconds of speech\.$/);
  });

it("turnComplete follows `interrupted` after 1 ms", async () => {
  const { client } = await converse();
  await bargeIn(client, 800);
  await finish(client, 5000);
  client.send({ realtimeInput: { audioStreamEnd: true } });
  await client.run(500);
  client.frames = [];
  client.send({ realtimeInput: { audio: sound(speech(0.4)) } });
  await client.run(5);
  assert.equal(client.at("turnComplete")! - client.at("interrupted")!, 1);
});

it("with NO_INTERRUPTION the answer continues, and speech during it is answered afterwards", async () => {
  const { client } = await converse(realtime({}, "NO_INTERRUPTION"));
  await bargeIn(client, 30);
  client.send({ realtimeInput: { audioStreamEnd: true } });
  await client.run(10_000);
  assert.equal(client.of("interrupted").length, 0);
  assert.equal(client.of("ACTIVITY_START").length, 1);
  assert.equal(client.of("generationComplete").length, 2);
  assert.equal(client.of("turnComplete").length, 2);
  const over = client.frames.findIndex(({ kind }) => kind === "turnComplete");
  assert.equal(client.frames.slice(over).filter(({ kind }) => kind === "audio").length > 0, true);
});

it("manual turn detection: activityStart and activityEnd delimit the turn, without voiceActivity", async () => {
  const { client } = await converse(realtime({ disabled: true }));
  const noise = noiseSource(5);
  await client.speak(speech(0.5));
  client.send({ realtimeInput: { activityStart: {} } });
  await client.speak(Buffer.concat([speech(1.5, 16000, noise), room(1.5, 16000, noise)]));
  assert.deepEqual(client.frames, []);
  const sent = client.clock.now();
  client.send({ realtimeInput: { activityEnd: {} } });
  await client.run(1500);
  assert.equal(client.at("audio"), sent + 400);
  assert.deepEqual(client.kinds.slice(0, 2), ["inputTranscription", "audio"]);
  assert.match(client.said, /3\.0 seconds of speech/);
  assert.ok(likeness(client.audio, 1.5, 0.1) > 0.98);
});

it("manual turn detection: activityStart interrupts, and a text within the activity is answered at its end", async () => {
  const { client } = await converse(realtime({ disabled: true }));
  client.send({ realtimeInput: { activityStart: {}, audio: sound(speech(2)), activityEnd: {} } });
  await client.run(500);
  client.frames = [];
  client.send({ realtimeInput: { activityStart: {}, text: "and this" } });
  await client.run(5);
  assert.deepEqual(client.kinds, ["interrupted", "turnComplete"]);
  await finish(client);
  assert.equal(client.of("audio").length, 0);
  client.send({ realtimeInput: { audio: sound(speech(0.5)), activityEnd: {} } });
  await finish(client);
  assert.equal(client.said, "Echo: and this Echo: 0.5 seconds of speech.");
});

it("manual turn detection: activityStart stops an answer of which nothing was sent", async () => {
  const { client } = await converse(realtime({ disabled: true }));
  client.send({ realtimeInput: { activityStart: {}, audio: sound(speech(1)), activityEnd: {} } });
  await client.run(100);
  client.send({ realtimeInput: { activityStart: {}, activityEnd: {} } });
  await finish(client);
  assert.deepEqual(client.kinds, ["interrupted", "turnComplete", "inputTranscription"]);
});

it("answers a user who never stops speaking after a minute", async () => {
  const { client } = await converse();
  client.send({ realtimeInput: { audio: sound(Buffer.concat([room(0.5), speech(59.7)])) } });
  await client.run(2000);
  assert.deepEqual(client.kinds, ["ACTIVITY_START"]);
  await client.speak(speech(0.5));
  assert.match(
    client.of("inputTranscription")[0]!.serverContent!.inputTranscription!.text!,
    /^\((59|60|6\d)\.\d seconds/,
  );
  assert.ok(client.at("audio") !== undefined);
});
