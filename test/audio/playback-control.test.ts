// Marks, flush, burst, and the timer that all playbacks share.

import assert from "node:assert/strict";
import { SoundError } from "../../audio/formats";
import { Pacer } from "../../audio/pacer";
import { Playback } from "../../audio/playback";
import { loadResampler, Resampler } from "../../audio/resampler";
import { TestClock } from "../clock";
import { sound, start } from "./player";
import { tone } from "./tone";

describe("the control of a playback", () => {
  before(loadResampler);

  describe("a mark", () => {
    it("is reached after all sound before it, and before all after it", () => {
      const { clock, playback, left } = start({ sendAheadMs: 40 });
      const reached: [number, number][] = [];
      const mark = () => reached.push([clock.now(), left.length]);
      playback.push(sound(90));
      playback.end();
      playback.mark(mark);
      playback.mark(mark);
      playback.push(sound(40));
      playback.mark(mark);
      clock.advance(1000);
      assert.deepEqual(reached, [
        [40, 5],
        [40, 5],
        [70, 7],
      ]);
    });

    it("is reached at once when nothing waits", () => {
      const { playback } = start({ jitterBufferMs: 100 });
      let reached = 0;
      playback.mark(() => reached++);
      assert.equal(reached, 1);
    });

    it("does not wait behind a jitter buffer or an incomplete frame", () => {
      const { clock, playback, played } = start({ jitterBufferMs: 100 });
      let reached = false;
      playback.push(sound(30));
      playback.mark(() => {
        reached = true;
      });
      clock.advance(100);
      assert.ok(reached);
      assert.deepEqual(played(), sound(30));
    });
  });

  describe("flush", () => {
    it("drops all sound that waits, the incomplete frame too", () => {
      const { clock, playback, times } = start({ sendAheadMs: 40 });
      playback.push(sound(530));
      assert.equal(playback.isPlaying, true);
      playback.flush();
      assert.equal(playback.queuedMs, 0);
      assert.equal(playback.isPlaying, false);
      clock.advance(1000);
      assert.equal(times().length, 3);
    });

    it("calls the marks in the queue once, and says that their sound was dropped", () => {
      const { clock, playback } = start();
      const dropped: boolean[] = [];
      playback.mark((flushed) => dropped.push(flushed));
      playback.push(sound(500));
      playback.mark((flushed) => dropped.push(flushed));
      playback.flush();
      playback.flush();
      clock.advance(1000);
      assert.deepEqual(dropped, [false, true]);
    });

    it("leaves nothing of the old sound in the new, which starts immediately", () => {
      const { clock, playback, left, times } = start({
        sampleRate: 16000,
        sendAheadMs: 200,
        jitterBufferMs: 40,
      });
      playback.push(tone(300, 24000, 24000));
      clock.advance(10);
      playback.flush();
      left.length = 0;
      playback.push(sound(300));
      assert.deepEqual(times(), Array(11).fill(10));
      const resampler = new Resampler(24000, 16000);
      assert.deepEqual(left[0]!.frame, resampler.process(sound(300)).subarray(0, 640));
      resampler.free();
    });

    it("starts to fill the jitter buffer again", () => {
      const { playback, times } = start({ jitterBufferMs: 100 });
      playback.push(sound(200));
      playback.flush();
      playback.push(sound(40));
      assert.deepEqual(times(), [0]);
    });

    it("may come from the callback of a frame", () => {
      const clock = new TestClock();
      let frames = 0;
      const options = { sampleRate: 24000, frameMs: 20, maxMs: 1000, paced: true };
      const playback = new Playback(new Pacer(clock), options, () => {
        if (++frames === 3) playback.flush();
      });
      playback.push(sound(500));
      clock.advance(1000);
      assert.equal(frames, 3);
      assert.equal(clock.waiting, 0);
    });
  });

  describe("burst", () => {
    it("sends every frame as soon as it is complete, without a timer or a limit", () => {
      const { clock, playback, times, played } = start({ paced: false, jitterBufferMs: 500, maxMs: 100 });
      playback.push(sound(50));
      assert.equal(times().length, 2);
      playback.push(sound(500));
      assert.equal(times().length, 27);
      let reached = false;
      playback.mark(() => {
        reached = true;
      });
      assert.ok(reached);
      assert.deepEqual(played(), Buffer.concat([sound(50), sound(500)]));
      assert.equal(clock.waiting, 0);
    });
  });

  describe("the timer", () => {
    const paced = {
      sampleRate: 24000,
      frameMs: 20,
      sendAheadMs: 0,
      jitterBufferMs: 0,
      maxMs: 1000,
      paced: true,
    };

    it("is one for 50 playbacks, and none when nothing plays", () => {
      const clock = new TestClock();
      const pacer = new Pacer(clock);
      const options = { sampleRate: 16000, frameMs: 20, maxMs: 60_000, paced: true };
      const played: number[] = Array(50).fill(0);
      const playbacks = played.map(
        (_, i) => new Playback(pacer, options, (frame) => (played[i]! += frame.length)),
      );
      assert.equal(clock.waiting, 0);
      playbacks.forEach((playback, i) => {
        playback.push(sound(1000 + 20 * i));
        playback.end();
      });
      assert.equal(clock.waiting, 1);
      clock.advance(500);
      assert.equal(clock.waiting, 1);
      clock.advance(2000);
      assert.equal(clock.waiting, 0);
      assert.deepEqual(
        played,
        played.map((_, i) => (1000 + 20 * i) * 32),
      );
      playbacks[7]!.push(sound(1000));
      assert.equal(clock.waiting, 1);
      for (const playback of playbacks) playback.free();
      assert.equal(clock.waiting, 0);
    });

    it("continues for the others when one is flushed", () => {
      const clock = new TestClock();
      const pacer = new Pacer(clock);
      let frames = 0;
      const flushed = new Playback(pacer, paced, () => {});
      const playback = new Playback(pacer, paced, () => frames++);
      for (const each of [flushed, playback]) each.push(sound(200));
      clock.advance(50);
      flushed.flush();
      clock.advance(200);
      assert.equal(frames, 10);
    });

    it("does not run for a chunk without sound", () => {
      const { clock, playback } = start({ jitterBufferMs: 100 });
      playback.push(Buffer.alloc(0));
      assert.equal(clock.waiting, 0);
    });

    it("does not run for an incomplete frame within a turn", () => {
      const { clock, playback } = start();
      playback.push(sound(50));
      clock.advance(100);
      assert.equal(playback.queuedMs, 10);
      assert.equal(clock.waiting, 0);
    });

    it("continues for the others when one callback throws", () => {
      const clock = new TestClock();
      const pacer = new Pacer(clock);
      let [bad, good] = [0, 0];
      const faulty = new Playback(pacer, paced, () => {
        if (++bad > 1) throw new Error("on purpose");
      });
      const playback = new Playback(pacer, paced, () => good++);
      faulty.push(sound(40));
      playback.push(sound(200));
      assert.throws(() => clock.advance(200), /on purpose/);
      clock.advance(200);
      assert.equal(good, 10);
      assert.equal(clock.waiting, 0);
    });
  });

  describe("a playback", () => {
    it("refuses unsupported settings", () => {
      assert.throws(() => start({ sampleRate: 3 }), SoundError);
      assert.throws(() => start({ frameMs: 0 }), SoundError);
    });

    it("drops its sound and marks with free(), which may be called twice, and throws afterwards", () => {
      const { clock, playback, times } = start();
      playback.push(sound(100));
      playback.mark(() => assert.fail("the mark was called"));
      playback.free();
      playback.free();
      clock.advance(1000);
      assert.deepEqual(times(), [0]);
      assert.equal(clock.waiting, 0);
      for (const use of [
        () => playback.push(sound(20)),
        () => playback.end(),
        () => playback.mark(() => {}),
        () => playback.flush(),
      ])
        assert.throws(use, /playback was freed/);
    });

    it("does not write to the pushed Buffers", () => {
      const { clock, playback } = start({ sampleRate: 16000 });
      const given = sound(100);
      playback.push(given);
      clock.advance(1000);
      assert.deepEqual(given, sound(100));
    });
  });
});
