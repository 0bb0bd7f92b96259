// The jitter buffer of the page, fed and read as the audio worklet does it, without a clock.

import assert from "node:assert/strict";
import fc from "fast-check";
import { JitterBuffer } from "../../browser/jitter-buffer";

const RATE = 24_000;
/** What an audio worklet reads at once. */
const QUANTUM = 128;

describe("the jitter buffer of the page", () => {
  let buffer: JitterBuffer;
  let played: number[];
  /** Numbers the samples, so that each can be found again. */
  let next: number;

  beforeEach(() => {
    played = [];
    next = 1;
    buffer = new JitterBuffer(RATE, (turn) => played.push(turn));
  });

  const sound = (ms: number) => Int16Array.from({ length: ms * 24 }, () => next++);
  const push = (ms: number, turn = 1) => buffer.push(sound(ms), turn);
  /** What is played in that time: the numbers of the samples, 0 for silence. */
  const read = (ms: number) => {
    const heard: number[] = [];
    for (let samples = 0; samples < ms * 24; samples += QUANTUM) {
      const output = new Float32Array(QUANTUM);
      buffer.read(output);
      heard.push(...output.map((sample) => sample * 32768));
    }
    return heard;
  };
  const loud = (heard: number[]) => heard.filter((sample) => sample !== 0);

  it("starts when 80 ms wait", () => {
    push(60);
    assert.deepEqual(loud(read(20)), []);
    push(20);
    assert.equal(read(20)[0], 1);
    assert.ok(buffer.playing);
  });

  it("starts at once with what waits when the turn is complete, and says when the turn was played", () => {
    push(30);
    buffer.end(1);
    assert.equal(loud(read(25)).length, 25 * 24 + (QUANTUM - ((25 * 24) % QUANTUM)));
    assert.deepEqual(played, []);
    read(10);
    assert.deepEqual(played, [1]);
    assert.ok(!buffer.playing);
  });

  it("plays a rest that nobody completes", () => {
    push(30);
    assert.equal(loud(read(500)).length, 30 * 24);
    assert.deepEqual(played, []);
  });

  it("says of each turn once that it was played, also when its end comes before its last sound, or twice", () => {
    push(100, 1);
    buffer.end(1);
    push(100, 1);
    push(100, 2);
    read(210);
    assert.deepEqual(played, [1]);
    buffer.end(1);
    read(200);
    assert.deepEqual(played, [1]);
    buffer.end(2);
    assert.deepEqual(played, [1, 2]);
  });

  it("is silent 5 ms after a flush, never plays what was flushed, and does not call it played", () => {
    push(1000);
    read(100);
    buffer.flush();
    const after = read(1000);
    assert.ok(
      after.slice(0, 5 * 24).some((sample) => sample !== 0),
      "fades out",
    );
    assert.deepEqual(loud(after.slice(5 * 24)), []);
    buffer.end(1);
    assert.deepEqual(played, []);
    const first = next;
    push(100, 2);
    assert.equal(loud(read(50))[0], first);
  });

  it("waits longer when sound comes late, and shorter again when it does not, within 40 and 500 ms", () => {
    push(100);
    read(250); // 150 ms without sound
    push(20);
    assert.ok(buffer.targetMs > 140 && buffer.targetMs < 200, `${buffer.targetMs} ms`);
    for (let time = 0; time < 20; time++) {
      push(600);
      read(1000);
    }
    assert.equal(buffer.targetMs, 500);
    for (let time = 0; time < 400; time++) {
      push(1000);
      read(1000);
    }
    assert.equal(buffer.targetMs, 40);
  });

  it("does not take a pause between turns, or a long one in a turn, for late sound", () => {
    push(100, 1);
    buffer.end(1);
    read(300);
    push(100, 2);
    read(1500);
    push(100, 2);
    assert.equal(buffer.targetMs, 80);
  });

  it("plays every sample once and in order, whatever comes when", () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 60 }), turn: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ read: fc.integer({ min: 1, max: 120 }) }),
      fc.record({ end: fc.integer({ min: 1, max: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        next = 1;
        buffer = new JitterBuffer(RATE, () => {});
        const heard: number[] = [];
        for (const it of steps)
          if ("push" in it && next + it.push * 24 < 32_767) push(it.push, it.turn);
          else if ("read" in it) heard.push(...loud(read(it.read)));
          else if ("end" in it) buffer.end(it.end);
        heard.push(...loud(read(5000)));
        assert.deepEqual(
          heard,
          Array.from({ length: next - 1 }, (_, i) => i + 1),
        );
      }),
    );
  });
});
