// The speech gate: all of the speech goes through, and little else.

import assert from "node:assert/strict";
import { Framer } from "../../../audio/frames";
import { SpeechGate } from "../../../audio/input/speech-gate";
import { silence, speech } from "../../speech";
import { pcm, randomBelow, samplesOf, tone } from "../tone";

const random = randomBelow(3);
const noise = (ms: number, level: number) =>
  pcm(Array.from({ length: ms * 16 }, () => random(2 * level + 1) - level));
const mix = (a: Buffer, b: Buffer) => {
  const others = samplesOf(b);
  return pcm(samplesOf(a).map((sample, i) => Math.max(-32768, Math.min(32767, sample + (others[i] ?? 0)))));
};

/** Gates sound in frames of `frameMs`. Returns what went through between each opening and closing, and where it began in ms. */
function gated(sound: Buffer, { frameMs = 20, preRollMs = 300, hangOverMs = 500 } = {}) {
  const gate = new SpeechGate(preRollMs, hangOverMs);
  const spans: { frames: Buffer[]; openedMs: number; closedMs?: number }[] = [];
  new Framer(16000, frameMs).push(sound).forEach((frame, i) => {
    const { opens, frames, closes } = gate.push(frame);
    const ms = (i + 1) * frameMs;
    if (opens) spans.push({ frames: [], openedMs: ms });
    if (frames.length) spans.at(-1)!.frames.push(...frames);
    if (closes) spans.at(-1)!.closedMs = ms;
  });
  return spans.map(({ frames, ...times }) => ({ sound: Buffer.concat(frames), ...times }));
}

const spoken = (background: (ms: number) => Buffer) =>
  mix(Buffer.concat([silence(2000), speech, silence(2000)]), background(4000 + speech.length / 32));

describe("the speech gate", () => {
  for (const [what, background] of [
    ["digital silence", silence],
    ["a quiet room", (ms: number) => noise(ms, 20)],
    ["a loud room", (ms: number) => noise(ms, 200)],
    ["hum of 120 Hz", (ms: number) => tone(120, 16000, ms * 16, 0.05)],
  ] as const)
    it(`lets all of the speech through, and not the rest: ${what}`, () => {
      const sound = spoken(background);
      const spans = gated(sound);
      assert.equal(spans.length, 1);
      const [span] = spans;
      const at = sound.indexOf(span!.sound);
      assert.ok(at >= 0, "without a gap");
      assert.ok(at <= 2000 * 32, "from its start");
      assert.ok(at >= 1400 * 32, "not much more before");
      const end = (at + span!.sound.length) / 32 - 2000 - speech.length / 32;
      assert.ok(end > 0 && end < 1000, `closed ${end} ms after the speech`);
    });

  it("stays closed for noise, hum, clicks and silence", () => {
    const clicks = noise(5000, 20);
    for (let at = 16000; at < clicks.length - 2000; at += 32_000) tone(2000, 16000, 400).copy(clicks, at);
    for (const sound of [noise(5000, 200), tone(120, 16000, 80_000, 0.1), silence(5000), clicks])
      assert.deepEqual(gated(sound), []);
  });

  it("gives the same sound for frames of 10 to 100 ms, but for the length of a frame", () => {
    const sound = spoken((ms) => noise(ms, 20));
    const [base] = gated(sound, { frameMs: 20 });
    for (const frameMs of [10, 40, 60, 100]) {
      const [span, ...more] = gated(sound, { frameMs });
      assert.deepEqual(more, []);
      assert.ok(Math.abs(span!.openedMs - base!.openedMs) <= frameMs);
      assert.ok(Math.abs(span!.closedMs! - base!.closedMs!) <= 2 * frameMs);
    }
  });

  it("sends the pre-roll and the hang-over that are set", () => {
    const sound = spoken((ms) => noise(ms, 20));
    const [short] = gated(sound, { preRollMs: 0, hangOverMs: 500 });
    const [long] = gated(sound, { preRollMs: 1000, hangOverMs: 1500 });
    assert.equal(long!.openedMs, short!.openedMs);
    assert.equal(long!.closedMs! - short!.closedMs!, 1000);
    assert.equal(long!.sound.length - short!.sound.length, 2000 * 32);
  });

  it("opens again for the next sentence, and goes on within one that pauses less than the hang-over", () => {
    const two = (ms: number) => Buffer.concat([speech, silence(ms), speech, silence(2000)]);
    assert.equal(gated(two(3000), { hangOverMs: 800 }).length, 2);
    assert.equal(gated(two(300), { hangOverMs: 800 }).length, 1);
  });

  it("closes after the hang-over also when there are single clicks in it", () => {
    const pause = silence(3_000);
    for (let at = 0; at < pause.length; at += 6_400) tone(2_000, 16_000, 160).copy(pause, at);
    // Each click is within one block of 20 ms.
    const words = speech.subarray(0, speech.length - (speech.length % 640));
    const [span] = gated(Buffer.concat([silence(500), words, pause]));
    const end = 500 + words.length / 32;
    assert.ok(span!.closedMs! < end + 1_000, `closed ${span!.closedMs! - end} ms after the speech`);
  });

  it("forgets the sound before it was closed: a pre-roll has nothing of it", () => {
    const gate = new SpeechGate(1000, 500);
    const frames = new Framer(16000, 20);
    for (const frame of frames.push(noise(900, 20))) gate.push(frame);
    gate.close();
    const sent = frames
      .push(Buffer.concat([silence(400), speech]))
      .flatMap((frame) => gate.push(frame).frames);
    assert.equal(Buffer.concat(sent).indexOf(silence(100)), 0);
  });

  it("does not use the pushed Buffers afterwards", () => {
    const gate = new SpeechGate(500, 500);
    const sent: Buffer[] = [];
    for (const frame of new Framer(16000, 20).push(Buffer.concat([silence(1000), speech]))) {
      const pushed = Buffer.from(frame);
      sent.push(...gate.push(pushed).frames.map((out) => Buffer.from(out)));
      pushed.fill(0x55);
    }
    const all = Buffer.concat(sent);
    assert.ok(Buffer.concat([silence(1000), speech]).indexOf(all) >= 0);
  });
});
