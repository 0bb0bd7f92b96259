// What a device has played, on a clock that the test drives.

import assert from "node:assert/strict";
import { Packer } from "../../../audio/output/packer";
import { Pacer } from "../../../audio/pacer";
import { loadResampler } from "../../../audio/resampler";
import type { FlowMessage } from "../../../nodes/flow/messages";
import { Line, type LineEvent } from "../../../nodes/sound/line";
import { sound } from "../../audio/player";
import { TestClock } from "../../clock";

async function start(options: object = {}) {
  const clock = new TestClock();
  const left: { at: number; msg: FlowMessage }[] = [];
  const events: (LineEvent & { at: number })[] = [];
  const base = { sampleRate: 24000, frameMs: 20, maxMs: 60_000, paced: true, jitterBufferMs: 0, ...options };
  const line = new Line({
    pacer: new Pacer(clock),
    playback: base,
    packer: await Packer.create({ ...base, format: "pcm", bitRate: 0, whole: false, base64: false }),
    onFrame: (msg) => left.push({ at: clock.now(), msg }),
    onEvent: (event) => events.push({ at: clock.now(), ...event }),
  });
  const message = (turn: number) => ({ session: "a", _msgid: "1", turn });
  const play = (ms: number, turn = 1) => line.play(message(turn), sound(ms), 24000);
  const named = (name: string) => events.filter(({ event }) => event === name);
  return { clock, line, left, events, message, play, named };
}

describe("the line to a device", () => {
  before(loadResampler);

  it("reports `playing` with the first frame, and `played` when the device has played the last one", async () => {
    const { clock, line, play, events, message } = await start({ sendAheadMs: 200 });
    play(1000);
    line.generationComplete();
    clock.advance(3000);
    line.turnComplete(message(1));
    assert.deepEqual(
      events.map(({ at, event, details }) => [at, event, details]),
      [
        [0, "playing", {}],
        [1000, "played", { heardMs: 1000 }],
        [3000, "turnComplete", { playback: true }],
      ],
    );
    assert.equal(clock.waiting, 0);
  });

  it("reports `played` of a burst by the clock, although its frames have left long before", async () => {
    const { clock, line, play, left, named, message } = await start({ paced: false });
    play(700);
    line.turnComplete(message(1));
    assert.equal(left.at(-1)!.at, 0);
    clock.advance(5000);
    assert.deepEqual(
      named("played").map(({ at }) => at),
      [700],
    );
  });

  for (const [what, options] of [
    ["real time", { sendAheadMs: 200 }],
    ["burst", { paced: false }],
  ] as const)
    it(`reports how much was heard and how much was not when it is interrupted (${what})`, async () => {
      const { clock, line, play, named, message } = await start(options);
      play(2000);
      clock.advance(500);
      line.interrupt(message(1), false);
      const [flush] = named("flush");
      assert.equal(flush!.turn, 1);
      assert.equal(flush!.details.heardMs, 500);
      assert.equal(flush!.details.unheardMs, 1500);
      clock.advance(5000);
      assert.deepEqual(named("played"), []);
      assert.equal(clock.waiting, 0);
    });

  it("reports the same for the session's confirmation of a stop by the flow", async () => {
    const { clock, line, play, named, message } = await start();
    play(2000);
    clock.advance(300);
    line.interrupt(message(1), true);
    line.interrupt(message(1), false);
    assert.deepEqual(named("flush")[1]!.details, named("flush")[0]!.details);
    assert.equal(named("flush")[0]!.details.heardMs, 300);
  });

  it("sends nothing of an interrupted turn after its flush", async () => {
    const { clock, line, play, left, message } = await start();
    play(2000);
    clock.advance(300);
    line.interrupt(message(1), true);
    const before = left.length;
    play(500);
    line.turnComplete(message(1));
    clock.advance(3000);
    assert.equal(left.length, before);
    play(100, 2);
    clock.advance(1000);
    assert.deepEqual(
      left.slice(before).map(({ msg }) => [msg.turn, msg.seq]),
      [1, 2, 3, 4, 5].map((seq) => [2, seq]),
    );
  });

  it("plays the first turn of a new conversation after the flow has stopped the first of the one before", async () => {
    const { clock, line, play, left, message } = await start();
    play(100);
    line.interrupt(message(1), true);
    line.turnComplete(message(1));
    const before = left.length;
    play(100);
    clock.advance(1_000);
    assert.equal(left.length, before + 5);
  });

  it("plays an answer that follows an interruption in the same turn, and continues its numbers", async () => {
    const { clock, line, play, left, message, named } = await start();
    play(100);
    clock.advance(1000);
    line.interrupt(message(1), false);
    play(40);
    clock.advance(1000);
    assert.deepEqual(
      left.map(({ msg }) => msg.seq),
      [1, 2, 3, 4, 5, 6, 7],
    );
    assert.equal(named("playing").length, 2);
  });

  it("counts what was heard for each turn, also when the next one follows without a pause", async () => {
    const { clock, line, play, named, message } = await start({ sendAheadMs: 200 });
    play(500, 1);
    line.turnComplete(message(1));
    play(500, 2);
    clock.advance(700);
    line.interrupt(message(2), false);
    assert.deepEqual([named("flush")[0]!.turn, named("flush")[0]!.details.heardMs], [2, 200]);
  });

  it("reports an underrun with the length of the gap, and none between turns", async () => {
    const { clock, line, play, named, message } = await start();
    play(200);
    clock.advance(450);
    play(100);
    assert.deepEqual(
      named("underrun").map(({ turn, details }) => [turn, details]),
      [[1, { ms: 250 }]],
    );
    line.turnComplete(message(1));
    clock.advance(5000);
    play(100, 2);
    clock.advance(500);
    assert.equal(named("underrun").length, 1);
  });

  it("does not send the overdue frames of a stall in one burst", async () => {
    const { clock, play, left, named } = await start({ sendAheadMs: 0 });
    play(2000);
    clock.advance(200);
    const before = left.length;
    clock.stall(1000);
    assert.ok(left.length - before <= 1, `${left.length - before} frames after the stall`);
    clock.advance(200);
    assert.equal(left.length - before, 11);
    assert.equal(named("underrun").length, 1);
  });

  it("keeps its deadlines for an hour: frames do not drift", async () => {
    const { clock, play, left, named } = await start({ sendAheadMs: 0 });
    for (let second = 0; second < 3600; second += 10) {
      play(10_000);
      clock.advance(10_000);
    }
    left.forEach(({ at }, i) => {
      if (at !== 20 * i) assert.fail(`frame ${i} left at ${at}`);
    });
    assert.equal(left.length, 180_000);
    assert.deepEqual(named("underrun"), []);
  });

  it("reports when it is freed that a turn without an end has been played, or that what plays is flushed", async () => {
    const silent = await start();
    silent.play(100);
    silent.clock.advance(1_000);
    assert.deepEqual(silent.named("played"), []);
    silent.line.free();
    assert.deepEqual(silent.named("played")[0]!.details, { heardMs: 100 });
    const loud = await start();
    loud.play(1_000);
    loud.clock.advance(300);
    loud.line.free();
    assert.equal(loud.named("flush")[0]!.details.heardMs, 300);
    assert.equal(loud.named("flush")[0]!.details.unheardMs, 700);
    for (const { named, line, clock } of [silent, loud]) {
      line.free();
      assert.equal(named("played").length + named("flush").length, 1);
      assert.equal(clock.waiting, 0);
    }
  });

  it("does not wait for the end of a whole answer, which may never come, and gives what there is when it is freed", async () => {
    const { line, play, left } = await start({ whole: true });
    play(1_000);
    assert.equal(line.isPlaying, false);
    line.free();
    assert.equal((left[0]!.msg.payload as Buffer).length, 48_000);
  });
});
