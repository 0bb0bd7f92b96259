// The pacing of frames, their order, and the queue limit.

import assert from "node:assert/strict";
import { SoundError } from "../../audio/formats";
import { Pacer } from "../../audio/pacer";
import { Playback } from "../../audio/playback";
import { loadResampler, Resampler } from "../../audio/resampler";
import { TestClock } from "../clock";
import { sound, start } from "./player";
import { randomChunks, tone } from "./tone";

/** 0, 20, 40, … */
function every20(count: number, from = 0) {
  return Array.from({ length: count }, (_, i) => from + 20 * i);
}

describe("paced playback", () => {
  before(loadResampler);

  it("sends a whole frame every 20 ms, in order", () => {
    const { clock, playback, left, times, played } = start();
    for (const chunk of randomChunks(sound(1000), 2000, 2, 1)) playback.push(chunk);
    clock.advance(2000);
    assert.deepEqual(times(), every20(50));
    assert.ok(left.every(({ frame }) => frame.length === 960));
    assert.deepEqual(played(), sound(1000));
  });

  it("sends frames ahead of real time by the send-ahead, and not more", () => {
    const { clock, playback, times } = start({ sendAheadMs: 200 });
    playback.push(sound(1000));
    assert.deepEqual(times(), Array(11).fill(0));
    clock.advance(2000);
    assert.deepEqual(times(), [...Array(11).fill(0), ...every20(39, 20)]);
  });

  it("has a send-ahead of 200 ms and a jitter buffer of 100 ms by default", () => {
    const clock = new TestClock();
    let frames = 0;
    const options = { sampleRate: 24000, frameMs: 20, sendAheadMs: undefined, maxMs: 1000, paced: true };
    const playback = new Playback(new Pacer(clock), options, () => frames++);
    playback.push(sound(99));
    assert.equal(frames, 0);
    playback.push(sound(500));
    assert.equal(frames, 11);
  });

  it("fills the jitter buffer at the start of a turn", () => {
    const { clock, playback, times } = start({ jitterBufferMs: 100 });
    for (let i = 0; i < 4; i++) {
      playback.push(sound(20));
      clock.advance(30);
    }
    assert.deepEqual(times(), []);
    playback.push(sound(20));
    clock.advance(500);
    assert.deepEqual(times(), every20(5, 120));
  });

  it("fills the jitter buffer again when sound comes just as the device has played all it has", () => {
    const { clock, playback, times } = start({ jitterBufferMs: 60 });
    playback.push(sound(60));
    clock.advance(60);
    playback.push(sound(40));
    clock.advance(40);
    assert.equal(times().length, 3);
    playback.push(sound(20));
    clock.advance(100);
    assert.deepEqual(times(), [0, 20, 40, 100, 120, 140]);
  });

  it("keeps its pace after a short underrun", () => {
    const { clock, playback, times } = start({ jitterBufferMs: 40 });
    playback.push(sound(40));
    clock.advance(90); // dry since 40
    playback.push(sound(60));
    clock.advance(100);
    assert.deepEqual(times(), [0, 20, 90, 110, 130]);
  });

  it("plays a turn without a pause when the next one begins to arrive", () => {
    const { clock, playback, times } = start({ jitterBufferMs: 60 });
    playback.push(sound(100));
    playback.end();
    clock.advance(30);
    playback.push(sound(20));
    clock.advance(70);
    assert.deepEqual(times(), [0, 20, 40, 60, 80, 100]);
  });

  it("fills the jitter buffer again after an underrun", () => {
    const { clock, playback, times } = start({ jitterBufferMs: 60 });
    playback.push(sound(60));
    clock.advance(100); // dry since 60
    playback.push(sound(40));
    clock.advance(100);
    assert.equal(times().length, 3);
    playback.push(sound(20));
    clock.advance(500);
    assert.deepEqual(times(), [0, 20, 40, 200, 220, 240]);
  });

  it("plays a jitter buffer that is not full when no more sound comes for half a second", () => {
    const { clock, playback, times, played } = start({ jitterBufferMs: 2000 });
    playback.push(sound(40));
    clock.advance(400);
    playback.push(sound(30));
    clock.advance(490);
    assert.deepEqual(times(), []);
    clock.advance(200);
    assert.deepEqual(times(), [900, 920, 940, 960]);
    assert.deepEqual(played(), Buffer.concat([sound(40), sound(30)]));
    assert.equal(clock.waiting, 0);
  });

  it("sends only whole frames within a turn, however long its sound pauses", () => {
    const { clock, playback, left, played } = start({
      sampleRate: 16000,
      sendAheadMs: 200,
      jitterBufferMs: 20,
    });
    const source = tone(1013, 24000, 24 * 1007);
    playback.push(source.subarray(0, 48 * 207));
    clock.advance(5000);
    playback.push(source.subarray(48 * 207));
    playback.end();
    clock.advance(2000);
    const resampler = new Resampler(24000, 16000);
    assert.deepEqual(played(), Buffer.concat([resampler.process(source), resampler.flush()]));
    assert.ok(left.slice(0, -1).every(({ frame }) => frame.length === 640));
    resampler.free();
  });

  it("continues without a pause when sound comes before the device has an underrun", () => {
    const { clock, playback, times } = start({ jitterBufferMs: 60, sendAheadMs: 200 });
    playback.push(sound(100));
    clock.advance(95); // all has left at 0, the device has 5 ms to play
    playback.push(sound(20));
    assert.deepEqual(times(), [0, 0, 0, 0, 0, 95]);
  });

  it("does not fill the jitter buffer once the turn is complete", () => {
    const { clock, playback, left, times, played } = start({ jitterBufferMs: 100 });
    playback.push(sound(50));
    clock.advance(70);
    playback.end();
    clock.advance(100);
    assert.deepEqual(times(), [70, 90, 110]);
    assert.equal(left[2]!.frame.length, 480);
    assert.deepEqual(played(), sound(50));
  });

  it("fills the jitter buffer for the next turn, which plays after the last one", () => {
    const { clock, playback, times } = start({ jitterBufferMs: 60, sendAheadMs: 100 });
    playback.push(sound(60));
    playback.end(); // the device plays until 60
    clock.advance(10);
    playback.push(sound(40));
    clock.advance(10);
    assert.equal(times().length, 3);
    playback.push(sound(140)); // the device plays until 240: the last frame, from 220 on, may leave at 120
    clock.advance(500);
    assert.deepEqual(times(), [0, 0, 0, ...Array(4).fill(20), 40, 60, 80, 100, 120]);
  });

  it("does not drift in 10 minutes, whatever the delay of the ticks", () => {
    const { clock, playback, times } = start({ maxMs: 3000 });
    clock.advance(3.7);
    for (let second = 0; second < 600; second++) {
      playback.push(sound(1000));
      clock.advance(1000);
    }
    clock.advance(1000);
    assert.equal(times().length, 30_000);
    times().forEach((at, i) => {
      assert.ok(at >= 3.7 + 20 * i && at < 3.7 + 20 * i + 10.001, `frame ${i} left at ${at}`);
    });
  });

  it("sends no burst after the process was blocked", () => {
    const clock = new TestClock();
    let now = 0;
    const late = { now: () => now, date: () => now, after: clock.after.bind(clock) };
    const times: number[] = [];
    const options = {
      sampleRate: 24000,
      frameMs: 20,
      sendAheadMs: 40,
      jitterBufferMs: 0,
      maxMs: 60_000,
      paced: true,
    };
    const playback = new Playback(new Pacer(late), options, () => times.push(now));
    playback.push(sound(10_000));
    now = 5000;
    clock.advance(10);
    assert.deepEqual(times, [0, 0, 0, 5000, 5000, 5000]);
    playback.free();
  });

  it("converts to the output rate, including the tail of the filter", () => {
    for (const [from, to] of [
      [24000, 16000],
      [24000, 8000],
      [16000, 48000],
    ] as const) {
      const { clock, playback, left, played } = start({ sampleRate: to });
      const source = tone(1013, from, from);
      for (const chunk of randomChunks(source, 900, 2, 2)) playback.push(chunk, from);
      playback.end();
      clock.advance(2000);
      const resampler = new Resampler(from, to);
      assert.deepEqual(played(), Buffer.concat([resampler.process(source), resampler.flush()]));
      assert.ok(left.slice(0, -1).every(({ frame }) => frame.length === to / 25));
      resampler.free();
    }
  });

  it("plays all of the old sound when the rate changes", () => {
    const { clock, playback, played } = start({ sampleRate: 16000 });
    playback.push(tone(1013, 24000, 2400));
    playback.push(tone(1013, 8000, 800), 8000);
    playback.push(tone(1013, 16000, 1600), 16000);
    playback.end();
    clock.advance(1000);
    assert.equal(played().length, 3 * 3200);
  });

  it("refuses sound that does not fit, says how much, and keeps the queue", () => {
    const { clock, playback, played } = start({ maxMs: 1000 });
    playback.push(sound(900));
    const refusal = {
      code: "GEMINI_QUEUE_FULL",
      message: /^The queue is full: 200 ms of sound were dropped\. 880 ms .* limit is 1000 ms/,
    };
    assert.throws(() => playback.push(sound(200)), refusal);
    playback.push(sound(100));
    clock.advance(2000);
    assert.deepEqual(played(), Buffer.concat([sound(900), sound(100)]));
  });

  it("counts the incomplete frame in the queue limit, and plays at the limit even if the jitter buffer is not full", () => {
    const { clock, playback, times } = start({ maxMs: 50, jitterBufferMs: 500 });
    playback.push(sound(30));
    playback.push(sound(20));
    assert.equal(playback.queuedMs, 50);
    assert.deepEqual(times(), []);
    assert.throws(() => playback.push(sound(20)), SoundError);
    clock.advance(100);
    assert.deepEqual(times(), [0, 20]);
  });

  it("refuses incomplete samples and unsupported rates, and continues", () => {
    const { clock, playback, played } = start();
    playback.push(sound(30));
    assert.throws(() => playback.push(Buffer.alloc(3)), {
      code: "GEMINI_SOUND",
      message: /3 bytes.*middle of a sample/,
    });
    assert.throws(() => playback.push(Buffer.alloc(4), 3), {
      code: "GEMINI_SOUND",
      message: /^The sound.* 3 Hz/,
    });
    for (const rate of [0, -1, Number.NaN])
      assert.throws(() => playback.push(sound(20), rate), {
        code: "GEMINI_SOUND",
        message: /Hz is not supported/,
      });
    playback.push(sound(30));
    clock.advance(100);
    assert.deepEqual(played(), Buffer.concat([sound(30), sound(30)]));
  });
});
