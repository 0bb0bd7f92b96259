// Programs that record and play sound in tests: Debian's, with devices of ALSA that are files, and some of the test's own.

import { execFileSync } from "node:child_process";
import { chmodSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findExecutable } from "../nodes/sound-device/programs";
import { cleanUp, replace } from "./clean-up";
import { chunksOf } from "./speech";

/** Like `describe`, for tests that need programs: skipped with one line where one is missing, but not in CI. */
export function describeWithPrograms(programs: string[], title: string, body: () => void) {
  const missing = programs.filter((name) => !findExecutable(name));
  if (missing.length === 0 || process.env.CI) return describe(title, body);
  describe(title, () => {
    it.skip(
      `needs ${missing.join(", ")}: apt install alsa-utils sox libsox-fmt-alsa ffmpeg socat mosquitto redis-server haproxy g++`,
    );
  });
}

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sound-"));
  cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Devices of ALSA: a microphone that hears what the test says, and a loudspeaker that writes what it plays. */
export class FileDevices {
  readonly #folder = temporaryFolder();
  readonly #fifo = join(this.#folder, "microphone");
  #speaking: Promise<FileHandle> | undefined;
  readonly microphone: string;
  readonly loudspeaker: string;

  /** `name` begins the names of both devices. */
  constructor(name = "usb") {
    this.microphone = `${name}mic`;
    this.loudspeaker = `${name}out`;
    execFileSync("mkfifo", [this.#fifo]);
    writeFileSync(
      this.config,
      `pcm.null { type null }
       ctl.null { type null }
       pcm.${this.microphone} {
         type plug
         slave {
           pcm { type file slave.pcm "null" infile "${this.#fifo}" file "/dev/null" format raw }
           rate 16000
           channels 1
           format S16_LE
         }
         hint { show on description "USB microphone" }
       }
       pcm.${this.loudspeaker} {
         type file
         slave.pcm "null"
         file "${join(this.#folder, "speaker")}"
         format raw
         hint { show on description "USB loudspeaker" }
       }
       pcm.!default { type plug slave.pcm "null" hint { show on description "Default device" } }`,
    );
  }

  /** The value for ALSA_CONFIG_PATH. */
  get config() {
    return join(this.#folder, "asound.conf");
  }

  /** Says 16 kHz mono PCM16 into the microphone, as fast as it is recorded. */
  async say(sound: Buffer) {
    // Opened for reading too, so that the microphone is silent in between and does not end.
    if (!this.#speaking) {
      this.#speaking = open(this.#fifo, constants.O_RDWR);
      cleanUp(async () => (await this.#speaking)?.close());
    }
    const handle = await this.#speaking;
    // A write of one period is one read of the device.
    for (const period of chunksOf(sound, 640)) await handle.write(period);
  }

  /** What the loudspeaker has played since its program was started last. */
  played(): Buffer {
    const file = join(this.#folder, "speaker");
    return existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  }
}

/** Puts a folder with only these programs into PATH, until the end of the test. Returns the folder. */
export function onlyPrograms(scripts: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, script] of Object.entries(scripts)) writeProgram(join(folder, name), script);
  replace(process.env, "PATH", folder);
  return folder;
}

export function writeProgram(file: string, script: string) {
  writeFileSync(file, script.startsWith("#!") ? script : `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

/** A program that JavaScript runs as. */
export const inNode = (script: string) => `#!${process.execPath}\n${script}`;

/**
 * A program that plays in real time at 24 kHz. Files next to it have what it has played, and of each start the process id, the
 * arguments, and how much had been played before.
 */
export const playing = inNode(`
  const fs = require("fs");
  fs.appendFileSync(__filename + ".pids", process.pid + "\\n");
  fs.appendFileSync(__filename + ".args", JSON.stringify(process.argv.slice(2)) + "\\n");
  const before = fs.existsSync(__filename + ".played") ? fs.statSync(__filename + ".played").size : 0;
  fs.appendFileSync(__filename + ".starts", before + "\\n");
  const period = Buffer.alloc(960);
  for (let length; (length = fs.readSync(0, period)); ) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, length / 48);
    fs.appendFileSync(__filename + ".played", period.subarray(0, length));
  }`);
