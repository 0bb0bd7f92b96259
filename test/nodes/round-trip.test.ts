// Sound from audio out to a device and back to audio in. The device is sox, and so is the reference: the same way without our code.

import assert from "node:assert/strict";
import { requireProgram, run } from "../audio/programs";
import { decibels, rms, samplesOf } from "../audio/tone";
import { node } from "../flow-node";
import { chunksOf, speech } from "../speech";
import { event, Flow, type Msg } from "./flow";

const soundOf = (msgs: Msg[]) =>
  Buffer.concat(msgs.flatMap(({ payload }) => (Buffer.isBuffer(payload) ? [payload] : [])));

/** Raw mono sound of `type` in the words of sox. */
const raw = (type: string, rate: number) => ["-t", type, "-r", String(rate), "-c", "1", "-"];
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

describe("sound that goes to a device and comes back", () => {
  /** Sends the model's sound (24 kHz) through audio out, `device` and audio in. */
  const roundTrip = async (
    model: Buffer,
    out: object,
    back: object,
    device: (played: Buffer) => Buffer,
  ): Promise<Buffer> => {
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
    return soundOf(flow.at("heard").items);
  };

  for (const [format, encoding, type, rate, bound] of [
    ["mulaw", "mulaw", "ul", 8_000, 35],
    ["alaw", "alaw", "al", 8_000, 35],
    ["mulaw", "mulaw", "ul", 16_000, 35],
    ["alaw", "alaw", "al", 16_000, 35],
    ["float", "f32le", "f32", 16_000, 75],
    ["float", "f32le", "f32", 24_000, 75],
    ["float", "f32le", "f32", 48_000, 75],
    ["pcm", "s16le", "s16", 44_100, 75],
  ] as const)
    it(`differs from what sox alone makes of it by less than -${bound} dB, and is no noisier (${format}, ${rate} Hz)`, async function () {
      requireProgram(this, "sox");
      const model = sox(speech, raw("s16", 16_000), raw("s16", 24_000));
      /** Plays 16-bit samples, and records them. */
      const device = (sound: Buffer) =>
        sox(sox(sound, raw(type, rate), raw("s16", rate)), raw("s16", rate), raw(type, rate));
      /** Up to 0.84 of the lowest Nyquist frequency: above, each converter falls off in its own way. */
      const passband = (sound: Buffer, from: string[]) =>
        sox(sound, from, [...raw("s16", 16_000), "rate", "16k", "sinc", `-${0.42 * Math.min(rate, 16_000)}`]);
      const heard = await roundTrip(
        model,
        { format, sampleRate: String(rate) },
        { format: "pcm", encoding, sampleRate: String(rate), channels: "1" },
        device,
      );
      const ours = passband(heard, raw("s16", 16_000));
      const soxs = passband(device(sox(model, raw("s16", 24_000), raw(type, rate))), raw(type, rate));
      assert.ok(snr(soxs, ours) >= bound, `${snr(soxs, ours)} dB`);
      const noiseless = passband(sox(model, raw("s16", 24_000), raw("s16", rate)), raw("s16", rate));
      assert.ok(snr(noiseless, ours) >= Math.min(snr(noiseless, soxs), bound + 1));
    });
});
