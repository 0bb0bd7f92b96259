// Which program is used, how it is called, and how to install one.

import assert from "node:assert/strict";
import { readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import {
  type Command,
  commandFor,
  findExecutable,
  installCommand,
  type ProgramChoice,
} from "../../../nodes/sound-device/programs";
import { cleanUp, replace } from "../../clean-up";
import { onlyPrograms, temporaryFolder, writeProgram } from "../../sound-programs";

const FORMAT = { sampleRate: 16_000, channels: 1, device: "", bufferMs: 100 };
const argumentsOf = async (choice: ProgramChoice, format: object = {}) =>
  (await commandFor("loudspeaker", choice, { ...FORMAT, ...format })).args.join(" ");

function onPlatform(platform: NodeJS.Platform) {
  const own = Object.getOwnPropertyDescriptor(process, "platform")!;
  Object.defineProperty(process, "platform", { ...own, value: platform });
  cleanUp(() => Object.defineProperty(process, "platform", own));
}

describe("the programs for sound", () => {
  it("are searched in PATH: ALSA, PipeWire, sox, ffmpeg", async () => {
    const folder = onlyPrograms({ ffmpeg: "exit" });
    for (const [file, program] of [
      ["ffmpeg", "ffmpeg"],
      ["sox", "sox"],
      ["pw-play", "pipewire"],
      ["aplay", "alsa"],
    ] as const) {
      writeProgram(join(folder, file), "exit");
      const found = await commandFor("loudspeaker", "auto", FORMAT);
      assert.deepEqual([found.program, found.file], [program, join(folder, file)]);
    }
    assert.equal((await commandFor("loudspeaker", "sox", FORMAT)).program, "sox");
  });

  it("are not taken from the current folder, and must be executable", () => {
    const folder = temporaryFolder();
    writeProgram(join(folder, "aplay"), "exit");
    const before = process.cwd();
    cleanUp(() => process.chdir(before));
    process.chdir(folder);
    replace(process.env, "PATH", "");
    assert.equal(findExecutable("aplay"), undefined);
  });

  it("get a device only when one is chosen", async () => {
    onlyPrograms({ aplay: "exit", "pw-play": "exit", sox: "exit", ffmpeg: "exit" });
    assert.match(await argumentsOf("alsa"), / -D default$/);
    assert.match(await argumentsOf("alsa", { device: "plughw:1" }), / -D plughw:1$/);
    assert.doesNotMatch(await argumentsOf("pipewire"), /--target/);
    assert.match(await argumentsOf("pipewire", { device: "usb" }), / --target usb -$/);
    assert.match(await argumentsOf("sox"), / -d$/);
    assert.match(await argumentsOf("sox", { device: "plughw:1" }), / -t alsa plughw:1$/);
    assert.match(await argumentsOf("ffmpeg", { device: "plughw:1" }), / -f alsa plughw:1$/);
  });

  it("of PipeWire get raw sound from every version", async () => {
    onlyPrograms({ "pw-play": "echo '  -a, --raw    RAW mode'", "pw-record": "echo '--rate'" });
    assert.ok((await commandFor("loudspeaker", "auto", FORMAT)).args.includes("--raw"));
    assert.ok(!(await commandFor("microphone", "auto", FORMAT)).args.includes("--raw"));
  });

  it("of PipeWire are asked once which options they have, without waiting for them, and again after an update", async () => {
    const folder = onlyPrograms({ "pw-play": 'echo x >> "$0.calls"' });
    const file = join(folder, "pw-play");
    const find = () => commandFor("loudspeaker", "auto", FORMAT);
    const both = [find(), find()];
    assert.ok(both.every((found) => found instanceof Promise));
    await Promise.all(both);
    await find();
    assert.equal(readFileSync(`${file}.calls`, "utf8"), "x\n");
    writeProgram(file, "echo --raw");
    utimesSync(file, 1, 1);
    assert.ok((await find()).args.includes("--raw"));
  });

  it("of macOS and Windows are sox and ffmpeg, with the devices of the system", async () => {
    const folder = onlyPrograms({ arecord: "exit", sox: "exit", ffmpeg: "exit", "sox.exe": "exit" });
    writeProgram(join(folder, "ffmpeg.exe"), "exit");
    onPlatform("darwin");
    assert.match(await argumentsOf("sox", { device: "Jabra" }), / -t coreaudio Jabra$/);
    assert.match(await argumentsOf("ffmpeg"), / -f audiotoolbox -$/);
    const microphone = (device: string) =>
      (commandFor("microphone", "ffmpeg", { ...FORMAT, device }) as Command).args;
    assert.ok(microphone("").includes(":default"));
    onPlatform("win32");
    assert.match(await argumentsOf("sox", { device: "Jabra" }), / -t waveaudio Jabra$/);
    assert.ok(microphone("Jabra").includes("audio=Jabra"));
    assert.throws(() => microphone(""), /no default microphone on Windows\. Choose a device, or install sox/);
  });

  it("are installed with the command of the system", () => {
    for (const [system, command] of [
      ["linux ID=debian", "sudo apt install alsa-utils"],
      ["linux ID=raspbian ID_LIKE=debian", "sudo apt install alsa-utils"],
      ["linux ID=alpine", "apk add alsa-utils"],
      ['linux ID="rocky" ID_LIKE="rhel centos fedora"', "sudo dnf install alsa-utils"],
      ["linux", "sudo apt install alsa-utils"],
    ] as const)
      assert.equal(installCommand("alsa", system), command);
    assert.equal(installCommand("sox", "darwin"), "brew install sox");
    assert.equal(installCommand("ffmpeg", "win32"), "winget install Gyan.FFmpeg");
  });
});
