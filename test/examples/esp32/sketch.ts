// The protocol part of the ESP32 sketch as a program of this machine, and what a device with it plays.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chunksOf } from "../../speech";
import type { Message } from "./device";

export const SKETCH = join(__dirname, "../../../docs/esp32/voice");

/** A letter and its bytes, as sketch.cpp describes them. */
export type SketchRecord = [kind: string, bytes: Buffer];

/** Compiles the program for the tests of this `describe`. Returns what runs it with records as the device of this name. */
export function compiledSketch() {
  let folder: string;
  before(function () {
    this.timeout(120_000);
    folder = mkdtempSync(join(tmpdir(), "sketch-"));
    const flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", `-I${SKETCH}`];
    execFileSync("g++", [...flags, join(__dirname, "sketch.cpp"), "-o", join(folder, "sketch")]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  return (records: SketchRecord[], name = "kitchen"): SketchRecord[] => {
    const input = Buffer.concat(records.flatMap(([kind, bytes]) => [head(kind, bytes), bytes]));
    const output = execFileSync(join(folder, "sketch"), [name], { input, maxBuffer: 64 << 20 });
    const answers: SketchRecord[] = [];
    for (let at = 0; at < output.length; at += 5 + output.readUInt32LE(at + 1)) {
      const end = at + 5 + output.readUInt32LE(at + 1);
      answers.push([String.fromCharCode(output[at]!), output.subarray(at + 5, end)]);
    }
    return answers;
  };
}

type Run = ReturnType<typeof compiledSketch>;

function head(kind: string, bytes: Buffer) {
  const buffer = Buffer.from(`${kind}....`);
  buffer.writeUInt32LE(bytes.length, 1);
  return buffer;
}

export const bytesOf = (answers: SketchRecord[], kind: string) =>
  answers.filter(([of]) => of === kind).map(([, bytes]) => bytes);

/** The topics that the sketch uses, by their last words. */
export const topicsOf = (run: Run, name: string) =>
  Object.fromEntries(
    bytesOf(run([], name), "t").map((bytes) => [String(bytes).split("/").at(-1)!, String(bytes)]),
  );

/** The messages that the sketch sends when its microphone hears this 16 kHz mono PCM16. */
export function recorded(run: Run, pcm: Buffer): Buffer[] {
  const slots = Buffer.alloc(pcm.length * 2);
  // The sketch amplifies by 4.
  for (let i = 0; i < pcm.length / 2; i++) slots.writeInt32LE(pcm.readInt16LE(2 * i) << 14, 4 * i);
  return bytesOf(run([...chunksOf(slots, 640)].map((block): SketchRecord => ["m", block])), "m");
}

/** A number of samples, for a record. */
export function samples(count: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(count);
  return bytes;
}

/** The record that makes the loudspeaker play so many milliseconds. */
export const plays = (ms: number): SketchRecord => ["p", samples(24 * ms)];

/**
 * What the loudspeaker plays of these messages, 24 kHz mono PCM16, between flushes. It starts once 200 ms have arrived, as those do at
 * once, and then keeps the pace of the messages.
 * @param recordOf the record of a message
 */
export function played(
  run: Run,
  messages: Message[],
  recordOf: (message: Message) => SketchRecord,
): Buffer[] {
  const records: SketchRecord[] = [];
  let aheadMs = 0;
  for (const message of messages) {
    records.push(recordOf(message));
    const ms = message.isSound ? message.data.length / 48 : 0;
    if (message.data.toString() === "flush") {
      records.push(plays(20));
      aheadMs = 0;
    } else if (aheadMs + ms <= 200) aheadMs += ms;
    else records.push(plays(ms));
  }
  const parts: Buffer[][] = [[]];
  for (const [kind, bytes] of run([...records, plays(400)]))
    if (kind === "f") parts.push([]);
    else if (kind === "p") parts.at(-1)!.push(bytes);
  return parts.map((part) => Buffer.concat(part));
}

/** Asserts that the loudspeaker played this answer after a flush: 20 ms of silence, and then all of it. */
export function assertPlayed(afterFlush: Buffer, answer: Buffer) {
  const silent = 960;
  assert.ok(
    afterFlush.subarray(0, silent).every((byte) => byte === 0),
    "the rest of the first answer was played",
  );
  assert.ok(
    afterFlush.subarray(silent, silent + answer.length).equals(answer),
    "the second answer was played with gaps",
  );
}
