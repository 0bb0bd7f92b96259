// When the program of a loudspeaker starts and ends, and what it gets.

import assert from "node:assert/strict";
import { Player, type PlayerFormat } from "../../../nodes/sound-device/player";
import { type Command, DeviceError } from "../../../nodes/sound-device/programs";
import { TestClock } from "../../clock";
import { deferred } from "../../inbox";
import { FakeRunning } from "./running";

const COMMAND: Command = { program: "alsa", file: "aplay", args: [] };
const MONO: PlayerFormat = { sampleRate: 24_000, channels: 1 };
const unplugged = new DeviceError("GEMINI_DEVICE", "unplugged");
/** Sound at 24 kHz, of which each byte is `value`. */
const sound = (ms: number, value = 1) => Buffer.alloc(ms * 48, value);

describe("a player", () => {
  let clock: TestClock;
  let programs: FakeRunning[];
  let formats: PlayerFormat[];
  let failures: [cause: string, isNew: boolean][];
  let changes: boolean[];
  let dropped: number;
  let player: Player;
  /** When it is set, the program is found later. */
  let found: ReturnType<typeof deferred<Command>> | undefined;

  beforeEach(() => {
    clock = new TestClock();
    programs = [];
    formats = [];
    failures = [];
    changes = [];
    dropped = 0;
    found = undefined;
    player = new Player({
      clock,
      maxMs: 1_000,
      command(format) {
        formats.push(format);
        return found?.promise ?? COMMAND;
      },
      run(_command, handlers) {
        const program = new FakeRunning(handlers);
        programs.push(program);
        return program;
      },
      onChange: (isPlaying) => changes.push(isPlaying),
      onFailure: (error, isNew) => failures.push([error.message, isNew]),
      onDrop: (ms) => {
        dropped += ms;
      },
    });
  });
  const last = () => programs.at(-1)!;

  it("starts its program with the first sound, and ends it half a second after the last", async () => {
    assert.equal(programs.length, 0);
    for (let n = 0; n < 100; n++) {
      player.play(sound(20), MONO);
      clock.advance(20);
    }
    clock.advance(479);
    assert.deepEqual([programs.length, last().endedBy], [1, undefined]);
    clock.advance(1);
    assert.equal(last().endedBy, "end");
    assert.equal(Buffer.concat(last().written).length, 2_000 * 48);
    await last().finish();
    assert.deepEqual([changes, clock.waiting], [[true, false], 0]);
  });

  it("plays what waits once its program is found, and nothing of what is flushed before that", async () => {
    found = deferred<Command>();
    player.play(sound(20), MONO);
    player.flush();
    player.play(sound(20, 2), MONO);
    player.play(sound(20, 3), MONO);
    found.resolve(COMMAND);
    await found.promise;
    assert.deepEqual([programs.length, last().written], [1, [sound(20, 2), sound(20, 3)]]);
    player.flush();
    await last().finish();
    found = deferred<Command>();
    player.play(sound(20), MONO);
    await player.close();
    found.resolve(COMMAND);
    await found.promise;
    assert.deepEqual([programs.length, formats.length, failures], [1, 2, []]);
  });

  it("ends a program that takes no more sound for fifteen seconds, and says so", async () => {
    player.play(sound(20), MONO);
    last().takesMore = false;
    player.play(sound(60_000), MONO);
    clock.advance(74_000);
    assert.equal(last().endedBy, undefined);
    clock.advance(2_000);
    assert.equal(last().endedBy, "kill");
    await last().finish();
    const error = "aplay takes no sound. Connect the loudspeaker, or choose another device or program.";
    assert.deepEqual([failures, clock.waiting], [[[error, true]], 0]);
    clock.advance(1_000);
    player.play(sound(20), MONO);
    assert.equal(programs.length, 2);
  });

  it("plays sound that comes while the program ends with the next one", async () => {
    player.play(sound(20), MONO);
    clock.advance(500);
    player.play(sound(20, 2), MONO);
    assert.equal(programs.length, 1);
    await last().finish();
    assert.equal(programs.length, 2);
    assert.deepEqual(last().written, [sound(20, 2)]);
  });

  it("kills a program that does not end", async () => {
    player.play(sound(20), MONO);
    clock.advance(500);
    clock.advance(15_000);
    assert.equal(last().endedBy, "kill");
  });

  it("plays another sample rate with another program, after the sound before it", async () => {
    const other = { sampleRate: 16_000, channels: 1 };
    player.play(sound(20), MONO);
    player.play(sound(20, 2), other);
    player.play(sound(20, 3), MONO);
    assert.deepEqual([programs.length, last().endedBy], [1, "end"]);
    await last().finish();
    assert.deepEqual(last().written, [sound(20, 2)]);
    await last().finish();
    assert.deepEqual(last().written, [sound(20, 3)]);
    assert.deepEqual(formats, [MONO, other, MONO]);
  });

  it("keeps sound while the program takes none, drops the oldest at its limit, and goes on in order", () => {
    player.play(sound(20), MONO);
    last().takesMore = false;
    player.play(sound(20), MONO);
    for (let value = 1; value <= 60; value++) player.play(sound(20, value), MONO);
    assert.equal(Math.round(dropped), 200);
    last().takesMore = true;
    last().handlers.onDrain!();
    assert.deepEqual(
      last()
        .written.slice(2)
        .map((chunk) => chunk[0]),
      Array.from({ length: 50 }, (_, index) => index + 11),
    );
    clock.advance(499);
    assert.equal(last().endedBy, undefined);
  });

  it("does not end its program while that takes no sound", () => {
    player.play(sound(20), MONO);
    last().takesMore = false;
    player.play(sound(20), MONO);
    clock.advance(5_000);
    assert.equal(last().endedBy, undefined);
    last().takesMore = true;
    last().handlers.onDrain!();
    clock.advance(1_000);
    assert.equal(last().endedBy, "end");
  });

  it("drops everything on a flush, and plays what comes after it", async () => {
    player.play(sound(20), MONO);
    last().takesMore = false;
    player.play(sound(20), MONO);
    player.play(sound(20), MONO);
    player.flush();
    assert.equal(last().endedBy, "kill");
    player.play(sound(20, 2), MONO);
    assert.equal(programs.length, 1);
    await last().finish();
    assert.deepEqual(last().written, [sound(20, 2)]);
    assert.equal(failures.length, 0);
  });

  it("does not start a failed program for 1 s, 2 s, 4 s and so on up to a minute, drops the sound of this time, and reports each cause once", async () => {
    for (const wait of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const { length } = programs;
      player.play(sound(20), MONO);
      assert.equal(programs.length, length + 1);
      await last().finish(unplugged);
      clock.advance(1_000 * wait - 1);
      player.play(sound(20), MONO);
      assert.equal(programs.length, length + 1);
      clock.advance(1);
    }
    assert.deepEqual(
      failures.map(([, isNew]) => isNew),
      [true, ...Array(7).fill(false)],
    );
    player.play(sound(20), MONO);
    clock.advance(500);
    await last().finish();
    player.play(sound(20), MONO);
    await last().finish(unplugged);
    assert.deepEqual(failures.at(-1), ["unplugged", true]);
    clock.advance(1_000);
    player.play(sound(20), MONO);
    assert.equal(last().written.length, 1);
  });

  it("does not take a flush for a sign that the device works", async () => {
    for (const ends of ["failure", "flush", "failure"]) {
      player.play(sound(20), MONO);
      if (ends === "flush") player.flush();
      await last().finish(ends === "flush" ? undefined : unplugged);
      clock.advance(60_000);
    }
    assert.deepEqual(failures, [
      ["unplugged", true],
      ["unplugged", false],
    ]);
  });

  it("plays nothing after it is closed, and leaves no timer", async () => {
    player.play(sound(20), MONO);
    const closed = player.close();
    assert.equal(last().endedBy, "kill");
    await last().finish();
    await closed;
    player.play(sound(20), MONO);
    assert.deepEqual([programs.length, clock.waiting], [1, 0]);
  });
});
