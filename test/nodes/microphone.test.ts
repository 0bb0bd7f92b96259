import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replace } from "../clean-up";
import { node } from "../flow-node";
import { describeWithPrograms, FileDevices, inNode, onlyPrograms, writeProgram } from "../sound-programs";
import { correlation, speech } from "../speech";
import { Flow, type Msg } from "./flow";

const start = (properties: object = {}) =>
  Flow.start([node("mic", "gemini-microphone", properties, [["out"]]), node("out", "helper")]);
const hasSound = ({ payload }: Msg) => Buffer.isBuffer(payload);
/** What fits into the pipe of a device: 1.9 s. */
const said = speech.subarray(0, 95 * 640);
const isEnd = ({ action }: Msg) => action === "audioStreamEnd";

/** A program that records numbers: each sample is one more than the last. It writes its process id and arguments to a file. */
const recording = inNode(`
  const { writeFileSync } = require("fs");
  writeFileSync(__filename + ".pid", String(process.pid));
  writeFileSync(__filename + ".args", JSON.stringify(process.argv.slice(2)));
  const chunk = Buffer.alloc(334);
  let sample = 0;
  setInterval(() => {
    for (let at = 0; at < chunk.length; at += 2) chunk.writeUInt16LE(sample++ & 0x7fff, at);
    process.stdout.write(Buffer.from(chunk));
  }, 10);`);

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describeWithPrograms(["arecord", "sox", "ffmpeg"], "a microphone on a device of ALSA", () => {
  for (const program of ["auto", "alsa", "sox"])
    it(`sends what the device hears, in frames, without a topic (program: ${program})`, async () => {
      const devices = new FileDevices();
      replace(process.env, "ALSA_CONFIG_PATH", devices.config);
      // All of it is there before the recording starts: a device that is a file fills gaps with noise.
      await devices.say(said);
      const flow = await start({ program, device: devices.microphone });
      const heard = () => Buffer.concat(flow.all("out", hasSound).map(({ payload }) => payload as Buffer));
      await flow.at("out").next(() => heard().length >= 0.8 * said.length);
      const { _msgid, payload, ...rest } = flow.at("out").items[0]!;
      assert.deepEqual(rest, { mimeType: "audio/pcm;rate=16000" });
      for (const msg of flow.all("out", hasSound)) assert.equal((msg.payload as Buffer).length, 640);
      assert.ok(correlation(said.subarray(0, said.length / 2), 16_000, heard(), 16_000) > 0.9);
    });

  // Of a device that is a file, ffmpeg reads one sample at a time. What the null device holds is not defined.
  it("records with ffmpeg", async () => {
    replace(process.env, "ALSA_CONFIG_PATH", new FileDevices().config);
    const flow = await start({ program: "ffmpeg", device: "null" });
    const { payload, mimeType } = await flow.at("out").next();
    assert.deepEqual([(payload as Buffer).length, mimeType], [640, "audio/pcm;rate=16000"]);
  });

  it("says in words that the device does not exist, once", async () => {
    replace(process.env, "ALSA_CONFIG_PATH", new FileDevices().config);
    const flow = await start({ device: "nowhere" });
    const { message } = await flow.nextError();
    assert.match(
      message,
      /: The microphone "nowhere" was not found\. Connect it, or choose another device\./,
    );
    await flow.badges("mic").next(({ text }) => message.endsWith(`: ${text}`));
  });
});

describe("a microphone", () => {
  it("passes every sample on, whatever the size of the chunks", async () => {
    onlyPrograms({ arecord: recording });
    const flow = await start({ frameMs: 50 });
    await flow.at("out").next(() => flow.at("out").items.length > 5);
    const sound = Buffer.concat(flow.all("out").map(({ payload }) => payload as Buffer));
    assert.equal((flow.at("out").items[0]!.payload as Buffer).length, 1_600);
    for (let at = 0; at < sound.length; at += 2) assert.equal(sound.readUInt16LE(at), at / 2);
    await flow.badges("mic").next(({ text }) => text === "recording");
  });

  it("calls the program without a shell, with the device and the sample rate", async () => {
    const folder = onlyPrograms({ arecord: recording });
    const flow = await start({ device: "$(reboot); `reboot`", sampleRate: "48000" });
    await flow.at("out").next();
    const args: string[] = JSON.parse(readFileSync(join(folder, "arecord.args"), "utf8"));
    assert.equal(args.at(-1), "$(reboot); `reboot`");
    assert.equal(args[args.indexOf("-r") + 1], "48000");
    assert.equal(flow.at("out").items[0]!.mimeType, "audio/pcm;rate=48000");
  });

  it("mutes and unmutes, ends the sound when it is muted, and sends nothing of what it records then", async () => {
    const folder = onlyPrograms({ arecord: recording });
    const flow = await start();
    const badges = flow.badges("mic");
    await flow.at("out").next(hasSound);
    flow.send("mic", { action: "mute" });
    await flow.at("out").next(isEnd);
    await badges.next(({ text }) => text === "muted");
    const { length } = flow.at("out").items;
    // Another program starts, and the badge shows that its first sound has come.
    process.kill(Number(readFileSync(join(folder, "arecord.pid"), "utf8")), "SIGTERM");
    await flow.nextError();
    await badges.next(({ text }) => text === "muted");
    assert.equal(flow.at("out").items.length, length);
    flow.send("mic", { action: "unmute" });
    const { payload } = await flow.at("out").next(hasSound);
    assert.notEqual((payload as Buffer).readUInt16LE(0), 0, "the first sound of that program");
    await badges.next(({ text }) => text === "recording");
    // Only frames without a gap: what was left of the sound before is not sent.
    assert.equal(flow.all("out", isEnd).length, 1);
  });

  it("stays in step after it was muted, when a chunk ends in the middle of a sample", async () => {
    onlyPrograms({
      arecord: inNode(`
        const chunk = Buffer.alloc(333);
        let bytes = 0;
        setInterval(() => {
          for (let at = 0; at < chunk.length; at++) chunk[at] = bytes++ % 2 ? 0x22 : 0x11;
          process.stdout.write(Buffer.from(chunk));
        }, 10);`),
    });
    const flow = await start();
    for (let times = 0; times < 3; times++) {
      const { payload } = await flow.at("out").next(hasSound);
      assert.deepEqual([...new Set(payload as Buffer)], [0x11, 0x22]);
      assert.equal((payload as Buffer)[0], 0x11);
      flow.send("mic", { action: "mute" });
      await flow.at("out").next(isEnd);
      flow.send("mic", { action: "unmute" });
    }
  });

  it("stops and starts its program", async () => {
    const folder = onlyPrograms({ arecord: recording });
    const flow = await start();
    await flow.at("out").next(hasSound);
    const pid = Number(readFileSync(join(folder, "arecord.pid"), "utf8"));
    flow.send("mic", { action: "stop" });
    await flow.at("out").next(isEnd);
    flow.send("mic", { action: "start" });
    await flow.at("out").next(hasSound);
    assert.equal(isRunning(pid), false);
  });

  it("waits for the action start when it does not start with the flow", async () => {
    const folder = onlyPrograms({ arecord: recording });
    const flow = await start({ startWithFlow: false });
    flow.send("mic", { action: "start" });
    await flow.at("out").next(hasSound);
    await flow.stop();
    assert.equal(isRunning(Number(readFileSync(join(folder, "arecord.pid"), "utf8"))), false);
  });

  it("rejects messages without an action that it knows", async () => {
    onlyPrograms({ arecord: recording });
    const flow = await start();
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const action of [undefined, "pause", "constructor", {}, 5n, circular]) {
      flow.send("mic", { action });
      const { message } = await flow.nextError();
      assert.match(message, /The microphone knows start, stop, mute, unmute\.$/);
    }
  });

  it("leaves no program after a deploy, with one deploy after another", async () => {
    const folder = onlyPrograms({ arecord: recording });
    const flow = await start();
    const pids = new Set<number>();
    for (let frameMs = 30; frameMs < 60; frameMs += 10) {
      await flow.at("out").next(hasSound);
      pids.add(Number(readFileSync(join(folder, "arecord.pid"), "utf8")));
      await flow.deploy([node("mic", "gemini-microphone", { frameMs }, [["out"]]), node("out", "helper")]);
    }
    await flow.stop();
    assert.equal(pids.size, 3);
    for (const pid of pids) assert.equal(isRunning(pid), false);
  });

  it("ends the sound when its program dies, says why, and records again", async () => {
    const folder = onlyPrograms({ arecord: recording });
    const flow = await start();
    const badges = flow.badges("mic");
    await flow.at("out").next(hasSound);
    process.kill(Number(readFileSync(join(folder, "arecord.pid"), "utf8")), "SIGTERM");
    const { message } = await flow.nextError();
    assert.equal(message, "GEMINI_DEVICE: arecord has ended with the signal SIGTERM.");
    await flow.at("out").next(isEnd);
    await badges.next(({ text }) => message.endsWith(`: ${text}`));
    await flow.at("out").next(hasSound);
    await badges.next(({ text }) => text === "recording");
  });

  it("says that there is no program, with the command that installs one, and starts when it is installed", async () => {
    const folder = onlyPrograms({});
    const flow = await start({ startWithFlow: false });
    flow.send("mic", { action: "start" });
    const { message } = await flow.nextError();
    assert.match(message, /: There is no program for the microphone\. Install one: .*(install|add) \S+/);
    writeProgram(join(folder, "arecord"), recording);
    await flow.at("out").next(hasSound);
  });

  it("takes the next program when the first is not installed", async () => {
    const folder = onlyPrograms({ sox: recording });
    const flow = await start({ device: "plughw:1" });
    await flow.at("out").next(hasSound);
    const args: string[] = JSON.parse(readFileSync(join(folder, "sox.args"), "utf8"));
    assert.equal(args[args.indexOf("plughw:1") - 2], "-t");
  });

  it("says that the chosen program is not installed, although another is", async () => {
    onlyPrograms({ arecord: recording });
    const flow = await start({ program: "pipewire", startWithFlow: false });
    flow.send("mic", { action: "start" });
    const { message } = await flow.nextError();
    assert.match(message, /: The program pw-record is not installed\. Install it: /);
  });

  it("rejects messages when a setting is invalid", async () => {
    const flow = await start({ frameMs: 1 });
    flow.send("mic", { action: "start" });
    const { message } = await flow.nextError();
    assert.match(message, /"Frame length \(ms\)" must be a number from 10 to 200/);
  });
});
