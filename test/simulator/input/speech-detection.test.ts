// Speech detection: what counts as speech, and where it starts and ends.

import assert from "node:assert/strict";
import { SpeechDetector, type Utterance } from "../../../simulator/input/speech-detection";
import { noiseSource, pcm, room, speech, voice } from "../client";

function listen(sounds: Buffer[], settings: object = {}, chunk = 640) {
  const starts: number[] = [];
  const utterances: Utterance[] = [];
  const hearing = new SpeechDetector(settings, {
    speechStarted: () => starts.push(hearing.heardMs),
    speechEnded: (utterance) => utterances.push(utterance),
  });
  const all = Buffer.concat(sounds);
  for (let at = 0; at < all.length; at += chunk) hearing.hear(all.subarray(at, at + chunk));
  return { starts, utterances, hearing };
}

const hum = (seconds: number, level: number) =>
  pcm(seconds, 16000, (t) => level * Math.sin(2 * Math.PI * 120 * t));
const mix = (one: Buffer, other: Buffer) =>
  pcm(one.length / 32000, 16000, (t) => {
    const at = Math.round(t * 16000) * 2;
    return one.readInt16LE(at) + other.readInt16LE(at);
  });
/** Office noise: a varying level, and a key stroke twice a second. */
function office(seconds: number, level = 300) {
  const noise = noiseSource(9);
  return pcm(seconds, 16000, (t) => {
    const key = t % 0.5 < 0.015 ? 4000 : 0;
    return (level * (1 + 0.25 * Math.sin(2 * Math.PI * 0.3 * t)) + key) * noise();
  });
}

const near = (value: number, wanted: number, by = 0.15) =>
  assert.ok(Math.abs(value - wanted) <= by, `${value} is not near ${wanted}`);

it("finds utterances and their times, whatever the size of the chunks", () => {
  const sounds = [room(1), speech(1.5), room(1.5), speech(0.7), room(1.5)];
  const whole = listen(sounds);
  assert.equal(whole.utterances.length, 2);
  const [first, second] = whole.utterances;
  near(first!.start, 1);
  near(first!.end, 2.5);
  near(second!.start, 4);
  near(second!.end, 4.7);
  for (const chunk of [2, 62, 1278, 1e9])
    assert.deepEqual(listen(sounds, {}, chunk).utterances, whole.utterances);
});

it("an utterance has padding before its onset and after its end", () => {
  const { utterances } = listen([room(1), speech(1.5), room(2)]);
  const [{ pcm, start, end }] = utterances as [Utterance];
  near(pcm.length / 32000, end - start + 0.4, 0.05);
});

it("does not take room noise, hum, clicks or digital silence for speech", () => {
  const nothing = {
    silence: Buffer.alloc(160000),
    "a quiet room": room(10),
    "an office": office(20),
    hum: hum(10, 3000),
    "hum after silence": Buffer.concat([Buffer.alloc(64000), mix(hum(8, 3000), room(8))]),
    "a microphone that is muted now and then": Buffer.concat([room(2), Buffer.alloc(96000), room(2)]),
    "an offset": pcm(3, 16000, () => 9000),
  };
  for (const [what, sound] of Object.entries(nothing)) assert.deepEqual(listen([sound]).starts, [], what);
});

it("detects the start and the end of speech over hum and office noise", () => {
  for (const background of [hum(6, 3000), office(6)]) {
    const { utterances } = listen([mix(Buffer.concat([room(2), speech(1.5), room(2.5)]), background)]);
    assert.equal(utterances.length, 1);
    near(utterances[0]!.start, 2, 0.25);
    near(utterances[0]!.end, 3.5, 0.25);
  }
});

it("detects speech at the start of a stream, and after digital silence", () => {
  assert.equal(listen([speech(1.5), room(1)]).utterances.length, 1);
  assert.equal(listen([Buffer.alloc(64000), speech(1.5), Buffer.alloc(64000)]).utterances.length, 1);
});

it("prefixPaddingMs is the speech required before it counts as detected", () => {
  const short = [room(1), speech(0.25), room(2)];
  assert.equal(listen(short).starts.length, 1);
  assert.equal(listen(short, { prefixPaddingMs: 300 }).starts.length, 0);
});

it("a low start sensitivity requires louder speech", () => {
  const noise = noiseSource(4);
  const faint = pcm(1.5, 16000, (t) => voice(t, 2400) + 100 * noise());
  const sounds = [room(2.5), faint, room(2)];
  assert.equal(listen(sounds).starts.length, 1);
  assert.equal(listen(sounds, { startOfSpeechSensitivity: "START_SENSITIVITY_LOW" }).starts.length, 0);
});

it("silenceDurationMs limits pauses; a low end sensitivity raises the default", () => {
  const count = (pause: number, settings: object) =>
    listen([room(1), speech(1), room(pause), speech(1), room(2)], settings).utterances.length;
  assert.equal(count(0.5, {}), 1);
  assert.equal(count(1.1, {}), 2);
  assert.equal(count(1.1, { endOfSpeechSensitivity: "END_SENSITIVITY_LOW" }), 1);
  assert.equal(count(0.5, { silenceDurationMs: 300 }), 2);
  assert.equal(count(1.6, { silenceDurationMs: 2000 }), 1);
});

it("an utterance ends after at most a minute", () => {
  const { utterances } = listen([room(1), speech(100), room(2)]);
  assert.ok(utterances[0]!.end - utterances[0]!.start <= 60);
  assert.ok(utterances.every(({ pcm }) => pcm.length <= 60 * 32000));
});

it("end() gives the utterance in progress, or nothing without speech", () => {
  const speaking = listen([room(1), speech(1)]);
  assert.equal(speaking.hearing.speaking, true);
  speaking.hearing.end();
  assert.equal(speaking.utterances.length, 1);
  const silent = listen([room(1)]);
  silent.hearing.end();
  assert.equal(silent.utterances.length, 0);
});
