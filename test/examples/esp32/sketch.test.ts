// The protocol part of the ESP32 sketch by itself, and that the sketch compiles.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWithPrograms, temporaryFolder } from "../../sound-programs";
import { bytesOf, compiledSketch, plays, SKETCH, type SketchRecord, samples } from "./sketch";

/** Samples 1, 2, 3 … as PCM16. */
const counting = (count: number, from = 1) => {
  const pcm = Buffer.alloc(2 * count);
  for (let i = 0; i < count; i++) pcm.writeInt16LE((from + i) % 30_000, 2 * i);
  return pcm;
};
const text = (said: string): SketchRecord => ["s", Buffer.from(said)];

describeWithPrograms(["g++"], "the ESP32 sketch", () => {
  const run = compiledSketch();
  const heard = (...records: SketchRecord[]) => Buffer.concat(bytesOf(run(records), "p"));

  it("plays sound in order from messages of any length, and silence where none waits", () => {
    const sound = counting(1_000);
    const chunks = [2, 402, 1_000, 596].map((_, i, lengths) => {
      const from = lengths.slice(0, i).reduce((sum, length) => sum + length, 0);
      return ["b", sound.subarray(from, from + lengths[i]!)] satisfies SketchRecord;
    });
    assert.deepEqual(heard(...chunks, plays(50)), Buffer.concat([sound, Buffer.alloc(2 * 200)]));
    assert.deepEqual(
      heard(["b", Buffer.from([1, 0, 9])], plays(1)).subarray(0, 4),
      Buffer.from([1, 0, 0, 0]),
    );
  });

  it("drops all that waits on a flush, tells the amplifier once, and plays what comes then", () => {
    const next = counting(240, 7_000);
    const records: SketchRecord[] = [
      ["b", counting(12_000)],
      plays(10),
      text("flush"),
      ["b", next],
      plays(10),
      plays(10),
    ];
    const answers = run(records);
    assert.deepEqual(
      answers.map(([kind]) => kind).filter((kind) => kind !== "t"),
      ["p", "f", "p", "p"],
    );
    assert.deepEqual(bytesOf(answers, "p"), [counting(240), next, Buffer.alloc(480)]);
  });

  it("ignores every text but a flush", () => {
    const events = ['{"event":"playing","turn":1}', "flushed", "flus", "", '{"event":"flush"}'];
    assert.deepEqual(heard(["b", counting(240)], ...events.map(text), plays(10)), counting(240));
  });

  it("keeps one second of sound, and drops what comes too early", () => {
    const played = heard(["b", counting(24_000)], ["b", counting(240, 9_000)], plays(1_010));
    assert.deepEqual(played, Buffer.concat([counting(24_000), Buffer.alloc(480)]));
    // The ring goes on in the right place after it was full.
    const records: SketchRecord[] = [
      ["b", counting(24_000)],
      plays(10),
      ["b", counting(240, 9_000)],
      plays(1_000),
    ];
    assert.deepEqual(heard(...records), Buffer.concat([counting(24_000), counting(240, 9_000)]));
  });

  it("sends the microphone in frames of 40 ms, louder and without overflow", () => {
    const slots = new Int32Array(1_300).fill(1_000 << 14);
    slots[1] = 2 ** 31 - 1;
    slots[2] = -(2 ** 31);
    const frames = bytesOf(run([["m", Buffer.from(slots.buffer)]]), "m");
    assert.deepEqual(
      frames.map(({ length }) => length),
      [1_280, 1_280],
    );
    assert.deepEqual(
      [0, 1, 2].map((i) => frames[0]!.readInt16LE(2 * i)),
      [1_000, 32_767, -32_768],
    );
  });

  it("sends the newest sound from before a press", () => {
    const slots = (from: number, count: number): SketchRecord => [
      "m",
      Buffer.from(Int32Array.from({ length: count }, (_, i) => (from + i) << 14).buffer),
    ];
    const keep: SketchRecord = ["d", samples(320)];
    const frames = bytesOf(run([slots(0, 639), keep, slots(639, 320)]), "m");
    assert.deepEqual(frames, [counting(640, 319)]);
  });

  it("tells a press and a release of the button once, without their bounces", () => {
    const pin = (ms: number, down: boolean): SketchRecord => {
      const bytes = Buffer.alloc(5);
      bytes.writeUInt32LE(ms);
      bytes[4] = Number(down);
      return ["k", bytes];
    };
    const states: [number, boolean][] = [
      [0, false],
      [100, true],
      [105, false],
      [110, true],
      [129, true],
      [130, true],
      [131, true],
      [900, true],
      [1_000, false],
      [1_010, true],
      [1_015, false],
      [1_036, false],
      [1_100, false],
      // The clock of the device overflows after 49 days.
      [2 ** 32 - 10, true],
      [15, true],
    ];
    const told = bytesOf(run(states.map(([ms, down]) => pin(ms, down))), "k");
    assert.deepEqual(told.map(String), ["pressed", "released", "pressed"]);
  });

  for (const [protocol, useMqtt] of [
    ["WebSocket", 0],
    ["MQTT", 1],
  ])
    it(`compiles for ${protocol}, with declarations in place of the board's`, () => {
      const folder = temporaryFolder();
      cpSync(SKETCH, folder, { recursive: true });
      const config = readFileSync(join(SKETCH, "config.h"), "utf8");
      writeFileSync(
        join(folder, "config.h"),
        config.replace("#define USE_MQTT 0", `#define USE_MQTT ${useMqtt}`),
      );
      const flags = ["-fsyntax-only", "-std=gnu++2b", "-Wall", "-Wextra", "-Werror", "-x", "c++"];
      execFileSync("g++", [...flags, `-I${join(__dirname, "arduino")}`, join(folder, "voice.ino")]);
    });
});
