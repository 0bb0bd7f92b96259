// The example flow that writes answers to WAV files, in a real Node-RED.

import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { requireProgram, run } from "../audio/programs";
import { cleanUp } from "../clean-up";
import { deploy, listenAsEditor, post, startNodeRed } from "../node-red";
import { temporaryFolder } from "../sound-programs";
import { correlation, SPEECH_WAV, speech } from "../speech";
import { example } from "./example";

const { flow, idOf } = example("answer as a WAV file");

describe("the example flow: answer as a WAV file", () => {
  /** Starts the flow with a folder of the test. `press` presses a button, and returns the name of the file that the flow shows then. */
  const start = async () => {
    const folder = join(temporaryFolder(), "answers");
    const nodeRed = await startNodeRed();
    cleanUp(() => nodeRed.stop());
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(() => news.close());
    const env = [{ name: "FOLDER", value: folder, type: "str" }];
    const own = flow.map((node) => (node.type === "tab" ? { ...node, env } : node));
    await deploy(nodeRed, news, own, "full");
    const saved = async () => (await news.debug.next(({ id }) => id === idOf("saved"))).msg;
    const press = async (name: string) => {
      await post(nodeRed, `/inject/${idOf(name)}`);
      return saved();
    };
    return { folder, press };
  };

  it("writes each answer to a file of its own: whole WAV files with the sound of the answer", async function () {
    requireProgram(this, "sox");
    const { folder, press } = await start();
    const first = await press("question");
    const again = await press("question");
    assert.deepEqual(
      readdirSync(folder)
        .map((name) => join(folder, name))
        .sort(),
      [first, again].sort(),
    );
    assert.match(first, /\/default-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}\.wav$/);
    for (const name of [first, again]) {
      const wav = readFileSync(name);
      assert.equal(wav.readUInt32LE(4), wav.length - 8);
      const told = run("sox", ["--info", name], Buffer.alloc(0)).toString();
      assert.match(told, /Channels\s*: 1\n.*Sample Rate\s*: 24000\n.*Precision\s*: 16-bit/s);
      // A tone for each of the ten words.
      const sound = run("sox", [name, "-t", "raw", "-"], Buffer.alloc(0));
      assert.ok(sound.length > 48_000, `${sound.length} bytes`);
      assert.ok(sound.some((byte) => byte !== 0));
    }
  });

  it("answers a recording in the folder", async function () {
    requireProgram(this, "ffmpeg");
    const { folder, press } = await start();
    await press("question");
    copyFileSync(SPEECH_WAV, join(folder, "question.wav"));
    const name = await press("question.wav");
    const from = ["-loglevel", "error", "-i", name, "-ar", "16000", "-f", "s16le", "-"];
    assert.ok(correlation(speech, 16_000, run("ffmpeg", from, Buffer.alloc(0)), 16_000) > 0.9);
  });
});
