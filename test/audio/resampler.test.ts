// The bounds of the sample rate conversion, and that no sample is lost or added.

import assert from "node:assert/strict";
import { sampleRates } from "../../audio/formats";
import { loadResampler, Resampler } from "../../audio/resampler";
import { fresh } from "../fresh";
import { decibels, fitSine, pcm, randomChunks, rms, samplesOf, tone } from "./tone";

/** The pairs of most devices, which are examined for longer. */
const usual = [
  [8000, 16000],
  [16000, 24000],
  [24000, 16000],
  [24000, 8000],
  [24000, 48000],
  [44100, 16000],
  [48000, 16000],
] as const;
const isUsual = (from: number, to: number) => usual.some((pair) => pair[0] === from && pair[1] === to);

/** Every pair in use: from any device to the session, and from the model to any device. */
const pairs = [
  ...sampleRates.map((rate) => [rate, 16000] as const),
  ...sampleRates.map((rate) => [24000, rate] as const),
  [16000, 24000] as const,
].filter(
  ([from, to], i, all) => from !== to && all.findIndex((pair) => pair[0] === from && pair[1] === to) === i,
);

/** Converts half a second of a tone. Omits the first and last 50 ms, where the tone starts and ends. */
function convertedTone(hz: number, from: number, to: number) {
  const converted = samplesOf(convert(tone(hz, from, from / 2), from, to));
  return converted.slice(to / 20, -to / 20);
}

function convert(sound: Buffer, from: number, to: number, chunks = [sound]) {
  const resampler = new Resampler(from, to);
  const converted = Buffer.concat([...chunks.map((chunk) => resampler.process(chunk)), resampler.flush()]);
  resampler.free();
  return converted;
}

/** Frequencies between two fractions of the lower Nyquist frequency, with periods that do not divide 20 ms. */
function tonesBetween(low: number, high: number, nyquist: number) {
  return Array.from(
    { length: 9 },
    (_, i) => (low + ((high - low) * i) / 8) * nyquist - (i === 8 ? 0 : 0.37 * i),
  );
}

it("the constructor throws before loadResampler() has resolved", () => {
  const { Resampler } = fresh<typeof import("../../audio/resampler")>("audio/resampler");
  assert.throws(() => new Resampler(8000, 16000), /Await loadResampler\(\)/);
});

describe("the sample rate converter", () => {
  before(loadResampler);

  it("loads once", () => {
    assert.equal(loadResampler(), loadResampler());
  });

  for (const [from, to] of pairs) {
    const nyquist = Math.min(from, to) / 2;
    const level = 0.9 * 32767;

    it(`${from} > ${to} Hz: a 1013 Hz tone has a SINAD of at least 90 dB`, () => {
      const { amplitude, residue } = fitSine(convertedTone(1013, from, to), 1013, to);
      assert.ok(decibels(amplitude / Math.SQRT2 / residue) >= 90);
    });

    it(`${from} > ${to} Hz: level within 0.1 dB up to 0.85 of the Nyquist frequency`, () => {
      for (const hz of tonesBetween(0.02, 0.85, nyquist)) {
        const gain = decibels(fitSine(convertedTone(hz, from, to), hz, to).amplitude / level);
        assert.ok(Math.abs(gain) <= 0.1, `${gain} dB at ${hz} Hz`);
      }
    });

    // The filter falls off from the lower Nyquist frequency to 1.1 of it.
    if (from > 1.2 * to)
      it(`${from} > ${to} Hz: aliases stay below -80 dB`, () => {
        for (const hz of tonesBetween(1.1, (0.99 * from) / to, nyquist)) {
          const alias = decibels((rms(convertedTone(hz, from, to)) * Math.SQRT2) / level);
          assert.ok(alias <= -80, `${alias} dB from ${hz} Hz`);
        }
      });
    else if (from < to)
      it(`${from} > ${to} Hz: images stay below -80 dB`, () => {
        for (const hz of tonesBetween(0.1, 0.85, nyquist)) {
          const image = decibels((fitSine(convertedTone(hz, from, to), hz, to).residue * Math.SQRT2) / level);
          assert.ok(image <= -80, `${image} dB from ${hz} Hz`);
        }
      });

    it(`${from} > ${to} Hz: the sound has no delay`, () => {
      const start = samplesOf(convert(tone(1013, from, from / 2), from, to)).slice(0, (to * 2) / 5);
      assert.ok(Math.abs(fitSine(start, 1013, to).early) < 0.01);
    });

    if (!isUsual(from, to)) continue;

    it(`${from} > ${to} Hz: every chunking gives the same samples`, () => {
      const sound = tone(1013, from, from + 7);
      const whole = convert(sound, from, to);
      for (const [longest, seed] of [
        [3, 1],
        [700, 2],
        [20000, 3],
      ] as const)
        assert.deepEqual(convert(sound, from, to, randomChunks(sound, longest, 2, seed)), whole);
    });

    it(`${from} > ${to} Hz: no sample is lost or added in 10 minutes`, () => {
      const resampler = new Resampler(from, to);
      const chunks = randomChunks(tone(997, from, from), 1500, 2, 4);
      let bytes = 0;
      for (let second = 0; second < 600; second++)
        for (const chunk of chunks) bytes += resampler.process(chunk).length;
      const held = 600 * to - bytes / 2;
      assert.ok(held > 0 && held < to / 100, `${held} samples held back`);
      assert.equal(bytes + resampler.flush().length, 600 * to * 2);
      resampler.free();
    });
  }

  it("short sounds keep their length, down to one sample", () => {
    for (const from of sampleRates)
      for (const to of sampleRates)
        for (const samples of [0, 1, 2, 13, 441, 10007]) {
          const expected = (samples * to) / from;
          const got = convert(tone(100, from, samples), from, to).length / 2;
          assert.ok(Math.abs(got - expected) <= 0.5, `${samples} samples ${from} > ${to}: ${got}`);
        }
  });

  it("the input may lie at odd addresses and is not changed", () => {
    const sound = tone(1013, 48000, 4801);
    const odd = Buffer.concat([Buffer.from([1]), sound]).subarray(1);
    assert.deepEqual(convert(odd, 48000, 16000), convert(sound, 48000, 16000));
    assert.deepEqual(odd, sound);
  });

  it("the output does not change when more is converted", () => {
    const resampler = new Resampler(48000, 16000);
    const first = resampler.process(tone(1013, 48000, 960));
    const copy = Buffer.from(first);
    resampler.process(tone(500, 48000, 960));
    assert.deepEqual(first, copy);
    resampler.free();
  });

  it("flush() and reset() start anew", () => {
    const sound = tone(1013, 24000, 2400);
    const expected = convert(sound, 24000, 16000);
    const resampler = new Resampler(24000, 16000);
    const again = () => Buffer.concat([resampler.process(sound), resampler.flush()]);
    assert.deepEqual(again(), expected);
    assert.deepEqual(again(), expected);
    resampler.process(tone(300, 24000, 1234));
    resampler.reset();
    assert.deepEqual(again(), expected);
    resampler.free();
  });

  it("two resamplers do not mix their sound", () => {
    const sounds = [tone(1013, 48000, 9600), tone(377, 48000, 9600)];
    const resamplers = sounds.map(() => new Resampler(48000, 16000));
    const results: Buffer[][] = [[], []];
    for (let at = 0; at < 19200; at += 320)
      resamplers.forEach((resampler, i) => {
        results[i]!.push(resampler.process(sounds[i]!.subarray(at, at + 320)));
      });
    resamplers.forEach((resampler, i) => {
      assert.deepEqual(Buffer.concat([...results[i]!, resampler.flush()]), convert(sounds[i]!, 48000, 16000));
      resampler.free();
    });
  });

  it("full-scale sound is clipped and does not wrap around", () => {
    const square = pcm(Array.from({ length: 4410 }, (_, i) => (i % 300 < 150 ? 32767 : -32768)));
    const converted = samplesOf(convert(square, 44100, 16000));
    const insideHalves = converted.filter((_, i) => {
      const phase = ((i * 44100) / 16000) % 150;
      return phase > 10 && phase < 140;
    });
    assert.ok(insideHalves.every((sample) => Math.abs(sample) > 25000));
    assert.ok(Math.max(...converted) === 32767 && Math.min(...converted) === -32768);
  });

  it("equal rates return the sound itself", () => {
    const resampler = new Resampler(16000, 16000);
    const sound = tone(1013, 16000, 320);
    assert.equal(resampler.process(sound), sound);
    resampler.reset();
    assert.equal(resampler.flush().length, 0);
    resampler.free();
    assert.throws(() => resampler.process(sound), /freed/);
  });

  it("unsupported rates are refused", () => {
    assert.throws(() => new Resampler(47999, 16000), /47999 Hz is not supported.*48000/);
    assert.throws(() => new Resampler(16000, 3), /3 Hz is not supported/);
    assert.throws(() => new Resampler(Number.NaN, 16000), /NaN Hz is not supported/);
  });

  it("all methods throw after free(), which may be called twice", () => {
    const resampler = new Resampler(48000, 16000);
    resampler.free();
    resampler.free();
    assert.throws(() => resampler.process(tone(1013, 48000, 960)), /freed/);
    assert.throws(() => resampler.flush(), /freed/);
    assert.throws(() => resampler.reset(), /freed/);
  });
});
