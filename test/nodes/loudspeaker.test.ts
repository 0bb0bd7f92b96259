import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replace } from "../clean-up";
import { node } from "../flow-node";
import { DEADLINE_MS } from "../inbox";
import { describeWithPrograms, FileDevices, inNode, onlyPrograms, playing } from "../sound-programs";
import { chunksOf, correlation, speech } from "../speech";
import { Flow } from "./flow";

const start = (properties: object = {}) => Flow.start([node("speaker", "gemini-loudspeaker", properties)]);
const isStopped = ({ text }: { text?: string }) => text === undefined;

const read = (folder: string, what: string) => {
  const file = join(folder, `aplay.${what}`);
  return existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
};
const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const pidsIn = (folder: string) => read(folder, "pids").toString().trim().split("\n").map(Number);

/** Waits until a program has written something. */
async function until(condition: () => boolean) {
  const deadline = Date.now() + DEADLINE_MS;
  while (!condition()) {
    assert.ok(Date.now() < deadline, String(condition));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describeWithPrograms(["aplay", "sox", "ffmpeg"], "a loudspeaker on a device of ALSA", () => {
  for (const program of ["auto", "alsa", "sox", "ffmpeg"])
    for (const rate of [16_000, 24_000])
      it(`plays all sound, at ${rate} Hz (program: ${program})`, async () => {
        const devices = new FileDevices();
        replace(process.env, "ALSA_CONFIG_PATH", devices.config);
        const flow = await start({ program, device: devices.loudspeaker });
        const badges = flow.badges("speaker");
        for (const payload of chunksOf(speech, 999 * 2))
          flow.send("speaker", { payload, mimeType: `audio/pcm;rate=${rate}` });
        await badges.next(({ text }) => text === "playing");
        await badges.next(isStopped);
        const played = devices.played();
        assert.ok(played.length >= speech.length);
        assert.ok(correlation(speech, rate, played, rate) > 0.99);
      });

  it("says in words that the device does not exist, once", async () => {
    replace(process.env, "ALSA_CONFIG_PATH", new FileDevices().config);
    const flow = await start({ device: "nowhere" });
    flow.send("speaker", { payload: Buffer.alloc(960) });
    const { message } = await flow.nextError();
    assert.match(
      message,
      /: The loudspeaker "nowhere" was not found\. Connect it, or choose another device\./,
    );
    await flow.badges("speaker").next(({ text }) => message.endsWith(`: ${text}`));
  });
});

describe("a loudspeaker", () => {
  it("plays a whole answer that comes at once, from its first to its last sample", async () => {
    const folder = onlyPrograms({ aplay: playing });
    const flow = await start();
    const badges = flow.badges("speaker");
    const sound = Buffer.alloc(3_000 * 48);
    for (let at = 0; at < sound.length; at += 2) sound.writeUInt16LE((at / 2) & 0x7fff, at);
    for (const payload of chunksOf(sound, 9_600)) flow.send("speaker", { payload });
    await badges.next(({ text }) => text === "playing");
    await badges.next(isStopped);
    assert.ok(read(folder, "played").equals(sound));
  });

  for (const stop of [
    { event: "interrupted" },
    { event: "flush" },
    { action: "interrupt" },
    { action: "flush" },
  ])
    it(`is silent at once after ${JSON.stringify(stop)}, and plays what comes next`, async () => {
      const folder = onlyPrograms({ aplay: playing });
      const flow = await start();
      const badges = flow.badges("speaker");
      for (let n = 0; n < 10; n++) flow.send("speaker", { payload: Buffer.alloc(48_000, 1) });
      await until(() => read(folder, "played").length > 0);
      flow.send("speaker", stop);
      const { length } = read(folder, "played");
      flow.send("speaker", { payload: Buffer.alloc(4_800, 2) });
      await badges.next(({ text }) => text === "playing");
      await badges.next(isStopped);
      const played = read(folder, "played");
      assert.ok(played.subarray(-4_800).equals(Buffer.alloc(4_800, 2)));
      // The program may be between two periods when it is killed.
      assert.ok(played.length - 4_800 - length <= 2 * 960, String(played.length - length));
      for (const pid of pidsIn(folder)) assert.equal(isRunning(pid), false);
    });

  it("passes sample rate, channels, buffer and device on, and the sound only to its own rate", async () => {
    const folder = onlyPrograms({ aplay: playing });
    const flow = await start({ device: "plughw:CARD=Jabra", deviceBufferMs: 60 });
    const badges = flow.badges("speaker");
    flow.send("speaker", { payload: Buffer.alloc(960) });
    flow.send("speaker", { payload: Buffer.alloc(960), mimeType: "audio/pcm;rate=48000;channels=2" });
    await badges.next(isStopped);
    const [first, second] = read(folder, "args")
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const option = (args: string[], name: string) => args[args.indexOf(name) + 1];
    assert.deepEqual([option(first, "-r"), option(first, "-c")], ["24000", "1"]);
    assert.deepEqual([option(second, "-r"), option(second, "-c")], ["48000", "2"]);
    assert.equal(option(first, "-D"), "plughw:CARD=Jabra");
    assert.ok(first.includes("--buffer-time=60000"));
  });

  it("drops the oldest sound when more waits than its queue limit, with one warning", async () => {
    onlyPrograms({ aplay: inNode("setInterval(() => {}, 1_000);") });
    const flow = await start({ queueLimitSeconds: 1 });
    for (let n = 0; n < 60; n++) flow.send("speaker", { payload: Buffer.alloc(48_000) });
    const warnings = flow.warnings("speaker");
    assert.match(
      await warnings.next(),
      /^More than 1 s of sound wait to be played\. The oldest is dropped\./,
    );
    flow.send("speaker", { payload: Buffer.alloc(48_000) });
    assert.equal(warnings.items.length, 1);
  });

  it("warns again of dropped sound in a later answer", async () => {
    onlyPrograms({ aplay: inNode("setInterval(() => {}, 1_000);") });
    const flow = await start({ queueLimitSeconds: 1 });
    const warnings = flow.warnings("speaker");
    const badges = flow.badges("speaker");
    for (let answer = 0; answer < 2; answer++) {
      for (let n = 0; n < 60; n++) flow.send("speaker", { payload: Buffer.alloc(48_000) });
      await warnings.next();
      flow.send("speaker", { event: "flush" });
      await badges.next(({ text }) => text === undefined);
    }
    assert.equal(warnings.items.length, 2);
  });

  it("leaves no program after a stop, also when it plays", async () => {
    const folder = onlyPrograms({ aplay: playing });
    const flow = await start();
    for (let n = 0; n < 10; n++) flow.send("speaker", { payload: Buffer.alloc(48_000) });
    await until(() => read(folder, "played").length > 0);
    await flow.stop();
    for (const pid of pidsIn(folder)) assert.equal(isRunning(pid), false);
  });

  it("says why its program has ended, once, and plays again", async () => {
    const folder = onlyPrograms({
      aplay: inNode(`
        const fs = require("fs");
        if (fs.existsSync(__filename + ".pids")) fs.writeFileSync(__filename + ".works", "");
        else {
          fs.appendFileSync(__filename + ".pids", process.pid + "\\n");
          process.stderr.write("aplay: main:831: audio open error: Device or resource busy\\n");
          process.exit(1);
        }`),
    });
    const flow = await start();
    flow.send("speaker", { payload: Buffer.alloc(96_000) });
    const { message } = await flow.nextError();
    assert.match(message, /: The default loudspeaker is used by another program\./);
    await until(() => {
      flow.send("speaker", { payload: Buffer.alloc(960) });
      return read(folder, "works").length === 0 && existsSync(join(folder, "aplay.works"));
    });
  });

  it("says that there is no program, with the command that installs one", async () => {
    onlyPrograms({});
    const flow = await start();
    flow.send("speaker", { payload: Buffer.alloc(960) });
    const { message } = await flow.nextError();
    assert.match(message, /: There is no program for the loudspeaker\. Install one: .*(install|add) \S+/);
  });

  for (const [what, msg, error] of [
    ["text", { payload: "hello" }, /msg\.payload is not a Buffer/],
    ["half a sample", { payload: Buffer.alloc(961) }, /961 bytes ends in the middle of a sample/],
    ["half a pair", { payload: Buffer.alloc(962), mimeType: "audio/pcm;channels=2" }, /962 bytes ends/],
    ["a WAV file", { payload: Buffer.alloc(44), mimeType: "audio/wav" }, /"audio\/wav" is not supported/],
    ["an odd rate", { payload: Buffer.alloc(44), mimeType: "audio/pcm;rate=1" }, /1 Hz is not supported/],
  ] as const)
    it(`rejects ${what}`, async () => {
      onlyPrograms({ aplay: playing });
      const flow = await start();
      flow.send("speaker", msg);
      assert.match((await flow.nextError()).message, error);
    });

  it("ignores events that do not concern it", async () => {
    const folder = onlyPrograms({ aplay: playing });
    const flow = await start();
    const badges = flow.badges("speaker");
    for (const event of ["turnComplete", "generationComplete", "played"])
      flow.send("speaker", { event, payload: { event } });
    flow.send("speaker", { payload: Buffer.alloc(960, 7) });
    await badges.next(({ text }) => text === "playing");
    await badges.next(isStopped);
    assert.ok(read(folder, "played").equals(Buffer.alloc(960, 7)));
    assert.equal(flow.caught.items.length, 0);
  });
});
