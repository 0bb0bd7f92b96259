// When the program of a microphone starts, and starts again.

import assert from "node:assert/strict";
import { type Command, DeviceError } from "../../../nodes/sound-device/programs";
import { Recorder } from "../../../nodes/sound-device/recorder";
import { TestClock } from "../../clock";
import { deferred } from "../../inbox";
import { FakeRunning } from "./running";

const COMMAND: Command = { program: "alsa", file: "arecord", args: [] };
const unplugged = new DeviceError("GEMINI_DEVICE", "unplugged");

describe("a recorder", () => {
  let clock: TestClock;
  let programs: FakeRunning[];
  let failures: [cause: string, isNew: boolean][];
  let heard: Buffer[];
  let starts: number;
  let recorder: Recorder;
  let command: () => Command | Promise<Command>;

  beforeEach(() => {
    clock = new TestClock();
    programs = [];
    failures = [];
    heard = [];
    starts = 0;
    command = () => COMMAND;
    recorder = new Recorder({
      clock,
      sampleRate: 16_000,
      command: () => command(),
      run(_command, handlers) {
        const program = new FakeRunning(handlers);
        programs.push(program);
        return program;
      },
      onSound: (chunk) => heard.push(chunk),
      onStart: () => starts++,
      onFailure: (error, isNew) => failures.push([error.message, isNew]),
    });
  });
  const last = () => programs.at(-1)!;
  const sound = (program = last()) => program.handlers.onSound!(Buffer.alloc(2));

  it("starts its program once", () => {
    recorder.start();
    recorder.start();
    assert.equal(programs.length, 1);
    sound();
    sound();
    assert.deepEqual([heard.length, starts, recorder.isRecording], [2, 1, true]);
  });

  it("starts its program once that is found, and only if it is still wanted", async () => {
    const found = deferred<Command>();
    command = () => found.promise;
    recorder.start();
    await recorder.stop();
    recorder.start();
    assert.equal(programs.length, 0);
    found.resolve(COMMAND);
    await found.promise;
    assert.equal(programs.length, 1);
    const stopped = recorder.stop();
    await last().finish();
    await stopped;
    recorder.start();
    await recorder.stop();
    await found.promise;
    assert.deepEqual([programs.length, failures, clock.waiting], [1, [], 0]);
  });

  it("restarts a program that dies after 1 s, 2 s, 4 s and so on up to a minute, and reports each cause once", async () => {
    recorder.start();
    for (const wait of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const { length } = programs;
      await last().finish(unplugged);
      assert.equal(recorder.isRecording, false);
      clock.advance(1_000 * wait - 1);
      assert.equal(programs.length, length);
      clock.advance(1);
      assert.equal(programs.length, length + 1);
      sound();
    }
    await last().finish(new DeviceError("GEMINI_DEVICE_BUSY", "busy"));
    assert.deepEqual(
      failures.filter(([, isNew]) => isNew).map(([cause]) => cause),
      ["unplugged", "busy"],
    );
    assert.equal(failures.length, 9);
  });

  it("waits 1 s again, and reports again, after ten seconds of sound", async () => {
    recorder.start();
    for (let n = 0; n < 3; n++) {
      await last().finish(unplugged);
      clock.advance(60_000);
    }
    sound();
    clock.advance(10_000);
    sound();
    await last().finish(unplugged);
    assert.deepEqual(failures.at(-1), ["unplugged", true]);
    clock.advance(1_000);
    assert.equal(programs.length, 5);
  });

  it("restarts a program that delivers no sound for ten seconds, from the start or later, and says so", async () => {
    recorder.start();
    for (const soundUntil of [0, 30_000]) {
      for (let at = 0; at < soundUntil; at += 1_000) {
        sound();
        clock.advance(1_000);
      }
      clock.advance(10_000);
      assert.equal(last().endedBy, "kill");
      await last().finish();
      clock.advance(1_000);
    }
    const error = "arecord delivers no sound. Connect the microphone, or choose another device or program.";
    assert.deepEqual(failures, [
      [error, true],
      [error, true],
    ]);
    assert.equal(programs.length, 3);
    const stopped = recorder.stop();
    await last().finish();
    await stopped;
    assert.equal(clock.waiting, 0);
  });

  it("delivers whole samples, whatever the size of the chunks", () => {
    recorder.start();
    for (const chunk of [[1], [2, 3], [4, 5, 6], [7], [8]]) last().handlers.onSound!(Buffer.from(chunk));
    assert.deepEqual(Buffer.concat(heard), Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]));
    for (const { length } of heard) assert.equal(length % 2, 0);
  });

  it("delivers sound no faster than in real time, such as that of the null device, and loses none of it", () => {
    recorder.start();
    let ms = 0;
    for (let second = 0; second < 60; second++) {
      while (!last().isPaused) {
        last().handlers.onSound!(Buffer.alloc(3_200));
        ms += 100;
      }
      assert.ok(ms <= 1_000 * second * 1.02 + 3_100, `${ms} ms after ${second} s`);
      clock.advance(1_000);
    }
    assert.equal(Buffer.concat(heard).length, ms * 32);
  });

  it("does not hold up a device whose clock is fast, nor the sound that waited while this process was busy", () => {
    recorder.start();
    const sound = Buffer.alloc(64_064);
    for (let second = 1; second < 10_000; second++) {
      // The process is busy for two seconds of each minute.
      const seconds = second % 60 ? 1 : 2;
      clock.advance(1_000 * seconds);
      last().handlers.onSound!(sound.subarray(0, 32_032 * seconds));
      assert.equal(last().isPaused, false);
    }
  });

  it("finds a program that is installed later", () => {
    command = () => {
      throw new DeviceError("GEMINI_PROGRAM", "no program");
    };
    recorder.start();
    clock.advance(1_000);
    assert.deepEqual(failures, [
      ["no program", true],
      ["no program", false],
    ]);
    command = () => COMMAND;
    clock.advance(2_000);
    assert.equal(programs.length, 1);
  });

  it("does not restart after a stop, and leaves no timer", async () => {
    recorder.start();
    await last().finish(unplugged);
    await recorder.stop();
    assert.equal(clock.waiting, 0);
    recorder.start();
    const stopped = recorder.stop();
    assert.equal(last().endedBy, "kill");
    sound();
    await last().finish();
    await stopped;
    clock.advance(100_000);
    assert.deepEqual([programs.length, heard.length, clock.waiting], [2, 0, 0]);
  });

  it("starts the next program only when the stopped one has ended, because both need the device", async () => {
    recorder.start();
    const stopped = recorder.stop();
    recorder.start();
    assert.equal(programs.length, 1);
    await last().finish();
    await stopped;
    assert.equal(programs.length, 2);
    assert.equal(failures.length, 0);
  });
});
