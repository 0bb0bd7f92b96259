// What a playback knows of the device: how much it has played, when it is done, and when it ran dry; and whole answers.

import assert from "node:assert/strict";
import { loadResampler } from "../../audio/resampler";
import { sound, start } from "./player";

function startReporting(options: Parameters<typeof start>[0] = {}) {
  const gaps: number[] = [];
  const player = start({ onUnderrun: (ms) => gaps.push(ms), ...options });
  const played: number[] = [];
  const whenPlayed = () => player.playback.whenPlayed(() => played.push(player.clock.now()));
  return { ...player, gaps, played, whenPlayed };
}

describe("a playback", () => {
  before(loadResampler);

  it("knows how much of a turn the device has played, and how much it has not", () => {
    const { clock, playback } = start({ sendAheadMs: 200 });
    assert.deepEqual([playback.heardMs, playback.unheardMs], [0, 0]);
    playback.push(sound(1000));
    assert.deepEqual([playback.heardMs, playback.unheardMs], [0, 1000]);
    clock.advance(310);
    assert.deepEqual([playback.heardMs, playback.unheardMs], [310, 690]);
    clock.advance(5000);
    assert.deepEqual([playback.heardMs, playback.unheardMs], [1000, 0]);
  });

  it("counts from 0 for another turn, once the device plays it", () => {
    const { clock, playback } = start({ sendAheadMs: 200 });
    playback.push(sound(500));
    playback.mark(() => playback.beginTurn());
    playback.push(sound(500));
    clock.advance(400);
    assert.equal(playback.heardMs, 0);
    clock.advance(300);
    assert.equal(playback.heardMs, 200);
  });

  it("has heard nothing after a flush", () => {
    const { clock, playback } = start();
    playback.push(sound(500));
    clock.advance(200);
    playback.flush();
    assert.deepEqual([playback.heardMs, playback.unheardMs], [0, 0]);
  });

  it("is playing until the device has played what has left", () => {
    const { clock, playback } = start({ paced: false });
    playback.push(sound(300));
    playback.end();
    clock.advance(299);
    assert.ok(playback.isPlaying);
    clock.advance(1);
    assert.ok(!playback.isPlaying);
  });

  it("calls back when the device has played all that has left, once and in order", () => {
    const { clock, playback, played, whenPlayed } = startReporting({ sendAheadMs: 200 });
    playback.push(sound(100));
    playback.mark(whenPlayed);
    playback.push(sound(100));
    playback.mark(whenPlayed);
    assert.deepEqual(played, []);
    clock.advance(99);
    assert.deepEqual(played, []);
    clock.advance(5000);
    assert.deepEqual(played, [100, 200]);
    assert.equal(clock.waiting, 0);
  });

  it("calls back at once when the device plays nothing", () => {
    const { playback, clock, played, whenPlayed } = startReporting();
    whenPlayed();
    assert.deepEqual(played, [0]);
    playback.push(sound(20));
    clock.advance(100);
    whenPlayed();
    assert.deepEqual(played, [0, 100]);
    assert.equal(clock.waiting, 0);
  });

  it("does not call back about sound that was dropped", () => {
    const { clock, playback, played, whenPlayed } = startReporting({ paced: false });
    playback.push(sound(100));
    whenPlayed();
    playback.flush();
    clock.advance(1000);
    assert.deepEqual(played, []);
    assert.equal(clock.waiting, 0);
    playback.free();
    assert.throws(whenPlayed, /freed/);
  });

  it("reports each underrun once, with the length of the gap up to the sound that plays again", () => {
    const { clock, playback, gaps } = startReporting({ jitterBufferMs: 40 });
    playback.push(sound(100));
    clock.advance(300);
    playback.push(sound(20));
    assert.deepEqual(gaps, []);
    clock.advance(10);
    playback.push(sound(20));
    assert.deepEqual(gaps, [210]);
    playback.push(sound(20));
    clock.advance(60);
    assert.deepEqual(gaps, [210]);
  });

  it("reports no underrun when sound comes just in time, between turns, or before the first sound", () => {
    const { clock, playback, gaps } = startReporting();
    clock.advance(1000);
    playback.push(sound(100));
    clock.advance(100);
    playback.push(sound(100));
    playback.end();
    clock.advance(1000);
    playback.push(sound(100));
    playback.flush();
    clock.advance(1000);
    playback.push(sound(100));
    assert.deepEqual(gaps, []);
  });

  it("reports a stall of the process within a turn as an underrun, and none for a late first frame", () => {
    const { clock, playback, gaps } = startReporting();
    playback.push(sound(500));
    clock.advance(100);
    clock.stall(400);
    assert.equal(gaps.length, 1);
    assert.ok(gaps[0]! >= 360 && gaps[0]! <= 400, `${gaps[0]} ms`);
  });

  for (const paced of [true, false])
    it(`sends a whole answer as one frame at its end, however long it takes (${paced ? "paced" : "not paced"})`, () => {
      const { clock, playback, left, played } = start({ whole: true, paced });
      for (let i = 0; i < 5; i++) {
        playback.push(sound(70));
        clock.advance(700);
      }
      assert.equal(left.length, 0);
      assert.equal(clock.waiting, 0, "nothing waits for a timer");
      const marks: boolean[] = [];
      playback.mark((dropped) => marks.push(dropped));
      assert.equal(left.length, 1);
      assert.deepEqual(played(), Buffer.concat(Array(5).fill(sound(70))));
      assert.deepEqual(marks, [false]);
      playback.push(sound(30));
      playback.end();
      assert.equal(left.length, 2);
      playback.end();
      assert.equal(left.length, 2);
    });

  it("drops a whole answer that is interrupted, and refuses one that is longer than the queue limit", () => {
    const { playback, left } = start({ whole: true, paced: false, maxMs: 1000 });
    playback.push(sound(900));
    assert.throws(() => playback.push(sound(200)), /queue is full/);
    assert.equal(left.length, 0);
    playback.flush();
    playback.end();
    assert.equal(left.length, 0);
  });
});
