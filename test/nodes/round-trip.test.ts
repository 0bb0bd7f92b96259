// Sound from audio out to a device and back to audio in. The device is sox or ffmpeg, and so is the reference: the same way without
// our code.

import assert from "node:assert/strict";
import { oggOpus } from "../audio/ogg-opus";
import { requireProgram, run } from "../audio/programs";
import { decibels, rms, samplesOf } from "../audio/tone";
import { node } from "../flow-node";
import { chunksOf, correlation, speech } from "../speech";
import { event, Flow, type Msg } from "./flow";

/** The payloads of sound, base64 or not. */
const soundOf = (msgs: Msg[]) =>
  msgs.flatMap(({ payload, mimeType }) => {
    if (mimeType === undefined) return [];
    return [Buffer.isBuffer(payload) ? payload : Buffer.from(payload as string, "base64")];
  });

/** Mono sound of a type, in the words of sox. */
const mono = (type: string, rate: number) => ["-t", type, "-r", String(rate), "-c", "1", "-"];
/** What sox makes of a sound, without dither. */
const sox = (sound: Buffer, from: string[], to: string[]) => run("sox", ["-D", ...from, ...to], sound);

/** Signal-to-noise ratio in dB, where every deviation from `reference` is noise. */
function snr(reference: Buffer, sound: Buffer): number {
  const expected = samplesOf(reference);
  const samples = samplesOf(sound);
  assert.ok(
    Math.abs(samples.length - expected.length) <= 2,
    `${samples.length} of ${expected.length} samples`,
  );
  const { length } = samples.slice(0, expected.length);
  const noise = Array.from({ length }, (_, i) => samples[i]! - expected[i]!);
  return decibels(rms(expected) / rms(noise));
}

/**
 * Sends the model's sound (24 kHz) through audio out, a device and audio in. Returns what a live session hears (16 kHz).
 * @param device makes what it records of what it gets
 */
async function roundTrip(out: object, back: object, model: Buffer, device: (payloads: Buffer[]) => Buffer) {
  const flow = await Flow.start([
    node("out", "gemini-audio-out", { pacing: "burst", ...out }, [["device"], ["events"]]),
    node("in", "gemini-audio-in", { endAfterMs: 50, ...back }, [["heard"]]),
    ...["device", "events", "heard"].map((id) => node(id, "helper")),
  ]);
  for (const payload of chunksOf(model, 1_920)) flow.send("out", { payload, turn: 1 });
  flow.send("out", { event: "turnComplete", turn: 1 });
  await flow.at("events").next(event("turnComplete"));
  for (const payload of chunksOf(device(soundOf(flow.at("device").items)), 1_001))
    flow.send("in", { payload });
  await flow.at("heard").next(({ action }) => action === "audioStreamEnd");
  assert.deepEqual(flow.caught.items, []);
  return Buffer.concat(soundOf(flow.at("heard").items));
}

describe("sound that goes to a device and comes back", () => {
  let model: Buffer;
  before(function () {
    requireProgram(this, "sox");
    model = sox(speech, mono("s16", 16_000), mono("s16", 24_000));
  });

  for (const [what, format, type, rate, bound, encoding, more] of [
    ["mu-law", "mulaw", "ul", 8_000, 35, "mulaw"],
    ["A-law", "alaw", "al", 8_000, 35, "alaw"],
    ["mu-law", "mulaw", "ul", 16_000, 35, "mulaw"],
    ["A-law", "alaw", "al", 16_000, 35, "alaw"],
    ["floats", "float", "f32", 16_000, 75, "f32le"],
    ["floats", "float", "f32", 24_000, 75, "f32le"],
    ["floats", "float", "f32", 48_000, 75, "f32le"],
    ["PCM", "pcm", "s16", 44_100, 75, "s16le"],
    ["PCM in base64", "pcm", "s16", 24_000, 75, "s16le", { base64: true }],
    ["a WAV file", "wav", "wav", 22_050, 75, undefined, { pacing: "whole" }],
    ["a WAV stream", "wav", "wav", 48_000, 75],
  ] as [string, string, string, number, number, string?, object?][])
    it(`is what sox alone makes of it to within -${bound} dB, and no noisier (${what}, ${rate} Hz)`, async () => {
      /** Plays 16-bit samples, and records them. */
      const device = (sound: Buffer) =>
        sox(sox(sound, mono(type, rate), mono("s16", rate)), mono("s16", rate), mono(type, rate));
      /** Up to 0.84 of the lowest Nyquist frequency: above, each converter falls off in its own way. */
      const passband = (sound: Buffer, from: string[]) =>
        sox(sound, from, [
          ...mono("s16", 16_000),
          "rate",
          "16k",
          "sinc",
          `-${0.42 * Math.min(rate, 16_000)}`,
        ]);
      const out = { format, sampleRate: String(rate), ...more };
      const back = encoding ? { format: "pcm", encoding, sampleRate: String(rate) } : {};
      const heard = await roundTrip(out, back, model, (payloads) => device(Buffer.concat(payloads)));
      const ours = passband(heard, mono("s16", 16_000));
      const soxs = passband(device(sox(model, mono("s16", 24_000), mono(type, rate))), mono(type, rate));
      assert.ok(snr(soxs, ours) >= bound, `${snr(soxs, ours)} dB`);
      const noiseless = passband(sox(model, mono("s16", 24_000), mono("s16", rate)), mono("s16", rate));
      assert.ok(snr(noiseless, ours) >= Math.min(snr(noiseless, soxs), bound + 1));
    });

  for (const [rate, frameMs] of [
    [24_000, 60],
    [16_000, 20],
    [48_000, 20],
  ] as const)
    it(`is as good as ffmpeg alone makes it (Opus packets of ${frameMs} ms, ${rate} Hz)`, async function () {
      requireProgram(this, "ffmpeg");
      const pcm = (hz: number) => ["-f", "s16le", "-ar", String(hz), "-ac", "1"];
      const ffmpeg = (sound: Buffer, from: string[], to: string[]) =>
        run("ffmpeg", ["-loglevel", "error", ...from, "-i", "-", ...to, "-"], sound);
      const opus = ["-ar", String(rate), "-c:a", "libopus", "-application", "voip", "-b:a", "24k"];
      const packets = [...opus, "-frame_duration", String(frameMs), "-f", "ogg"];
      /** Plays Ogg Opus, and records it as such. */
      const device = (file: Buffer) => ffmpeg(ffmpeg(file, [], pcm(48_000)), pcm(48_000), packets);
      const out = { format: "opus", sampleRate: String(rate), frameMs, bitRateKbps: 24 };
      const heard = await roundTrip(out, {}, model, (payloads) => device(oggOpus(payloads, frameMs)));
      const ffmpegs = ffmpeg(device(ffmpeg(model, pcm(24_000), packets)), [], pcm(16_000));
      const likeness = (sound: Buffer) => correlation(speech.subarray(3_200, -3_200), 16_000, sound, 16_000);
      assert.ok(likeness(heard) > likeness(ffmpegs) - 0.03, `${likeness(heard)}, ${likeness(ffmpegs)}`);
    });
});
