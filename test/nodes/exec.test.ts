// Sound that an exec node reads from a program, with Node-RED's own exec node.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeG711 } from "../../audio/codecs/g711";
import { node } from "../flow-node";
import { describeWithPrograms, temporaryFolder } from "../sound-programs";
import { correlation, SPEECH_WAV, silence, speech } from "../speech";
import { Flow } from "./flow";

/** Runs a command in an exec node in front of an audio in node, and returns the payloads of both when the sound has ended. */
async function run(command: string, settings: object = {}) {
  const flow = await Flow.start([
    node("exec", "exec", { command, addpay: "", append: "", useSpawn: "true", timer: "", oldrc: false }, [
      ["in", "chunks"],
      [],
      [],
    ]),
    node("in", "gemini-audio-in", settings, [["out"], []]),
    node("chunks", "helper"),
    node("out", "helper"),
  ]);
  flow.send("exec", {});
  await flow.at("out").next(({ action }) => action === "audioStreamEnd");
  assert.deepEqual(flow.caught.items, []);
  const chunks = flow.all("chunks").map(({ payload }) => payload);
  const frames = flow.all("out", ({ payload }) => Buffer.isBuffer(payload));
  return { chunks, sound: Buffer.concat(frames.map(({ payload }) => payload as Buffer)) };
}

describe("audio in behind an exec node", () => {
  it("takes the chunks that the exec node makes strings, because they are valid UTF-8", async () => {
    const file = join(temporaryFolder(), "said");
    // A-law silence is the letter U. No pipe takes so much at once, so some chunks hold nothing else.
    const quiet = Buffer.alloc(300_000, "U");
    writeFileSync(file, Buffer.concat([encodeG711("alaw", speech), quiet, encodeG711("alaw", speech)]));
    const { chunks, sound } = await run(`cat ${file}`, { format: "pcm", encoding: "alaw" });
    assert.ok(chunks.some((chunk) => typeof chunk === "string"));
    assert.equal(sound.length, 2 * (speech.length + quiet.length));
    for (const said of [sound.subarray(0, speech.length), sound.subarray(-speech.length)])
      assert.ok(correlation(speech, 16_000, said, 16_000) > 0.95);
  });

  it("takes silence and speech completely, in whatever chunks the program writes them", async () => {
    const said = Buffer.concat([silence(10_000), speech, silence(10_000)]);
    const file = join(temporaryFolder(), "said");
    writeFileSync(file, said);
    const { sound } = await run(`cat ${file}`);
    assert.ok(sound.equals(said), `${sound.length} of ${said.length} bytes`);
  });
});

describeWithPrograms(["sox", "ffmpeg"], "audio in behind an exec node", () => {
  it("takes the WAV stream of ffmpeg, whose header has no length", async () => {
    const { chunks, sound } = await run(`ffmpeg -loglevel error -i ${SPEECH_WAV} -bitexact -f wav -`);
    assert.equal((chunks[0] as Buffer).readUInt32LE(40), 0xffffffff);
    assert.ok(sound.equals(speech), `${sound.length} of ${speech.length} bytes`);
  });

  it("takes the WAV stream of sox in mu-law at 8 kHz", async () => {
    const { sound } = await run(`sox ${SPEECH_WAV} -r 8000 -e mu-law -t wav -`);
    assert.ok(correlation(speech.subarray(3_200, -3_200), 16_000, sound, 16_000) > 0.95);
  });
});
