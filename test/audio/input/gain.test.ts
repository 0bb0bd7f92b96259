import assert from "node:assert/strict";
import { Gain } from "../../../audio/input/gain";
import { LevelMeter } from "../../../audio/input/level";
import { decibels, fitSine, randomChunks, rms, samplesOf, tone } from "../tone";

const quiet = tone(437, 16000, 16000, 0.1);
const loud = tone(437, 16000, 16000, 0.9);

describe("the gain of audio in", () => {
  it("makes quiet sound louder by its decibels, without distortion", () => {
    const samples = samplesOf(new Gain(12).process(quiet));
    const { amplitude, residue } = fitSine(samples, 437, 16000);
    assert.ok(Math.abs(decibels(amplitude / 3276.7) - 12) < 0.05);
    assert.ok(decibels(amplitude / residue) > 60);
  });

  it("makes sound quieter", () => {
    const [before, after] = [loud, new Gain(-20).process(loud)].map((sound) => rms(samplesOf(sound)));
    assert.ok(Math.abs(decibels(after! / before!) + 20) < 0.05);
  });

  it("never clips: loud sound becomes as loud as possible, and stays a sine", () => {
    const samples = samplesOf(new Gain(40).process(loud));
    assert.ok(samples.every((sample) => Math.abs(sample) <= 32767));
    const { amplitude, residue } = fitSine(samples.slice(8000), 437, 16000);
    assert.ok(amplitude > 31000);
    // A clipped sine would have a square wave's 7 dB.
    assert.ok(decibels(amplitude / residue) > 40);
  });

  it("is the same for chunks of any size, and does not write to them", () => {
    const before = Buffer.from(loud);
    const gain = new Gain(20);
    const chunks = randomChunks(loud, 300, 2, 3).map((chunk) => gain.process(chunk));
    assert.deepEqual(Buffer.concat(chunks), new Gain(20).process(loud));
    assert.deepEqual(loud, before);
  });

  it("of 0 dB copies nothing", () => {
    assert.equal(new Gain(0).process(loud), loud);
  });
});

describe("the level of sound", () => {
  it("is measured in dB of full scale, in intervals that do not depend on the chunks", () => {
    const sound = Buffer.concat([
      tone(1000, 16000, 1600, 0.5),
      Buffer.alloc(3200),
      tone(1000, 16000, 1600, 1),
    ]);
    const meter = new LevelMeter(16000, 100);
    const levels = randomChunks(sound, 77, 2, 9).flatMap((chunk) => meter.push(chunk));
    assert.deepEqual(levels, [
      { rms: -9, peak: -6 },
      { rms: -96, peak: -96 },
      { rms: -3, peak: 0 },
    ]);
  });
});
