// The example flow with a microphone and a loudspeaker of ALSA that are files, in a real Node-RED.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cleanUp } from "../clean-up";
import { DEADLINE_MS } from "../inbox";
import { deploy, listenAsEditor, post, startNodeRed } from "../node-red";
import { describeWithPrograms, FileDevices, playing, temporaryFolder, writeProgram } from "../sound-programs";
import { correlation, silence, speech } from "../speech";

const file = join(__dirname, "../../examples/raspberry pi as a smart speaker.json");

/** What runs on this machine with `word` in its arguments, by process id. */
const programsWith = (word: string) =>
  readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(word);
    } catch {
      return false;
    }
  });

async function until(condition: () => boolean) {
  for (const deadline = Date.now() + DEADLINE_MS; !condition(); ) {
    assert.ok(Date.now() < deadline, String(condition));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describeWithPrograms(["arecord", "aplay"], "the example flow: Raspberry Pi as a smart speaker", () => {
  /** Starts the flow with devices of the test, whose names are in no other test that runs at the same time. */
  const start = async (PATH = process.env.PATH) => {
    const devices = new FileDevices(`speaker${process.pid}`);
    const nodeRed = await startNodeRed({ ALSA_CONFIG_PATH: devices.config, PATH });
    cleanUp(() => nodeRed.stop());
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(() => news.close());
    const chosen: Record<string, string> = {
      "gemini-microphone": devices.microphone,
      "gemini-loudspeaker": devices.loudspeaker,
    };
    const flow = (JSON.parse(readFileSync(file, "utf8")) as { id: string; type: string }[]).map((node) =>
      node.type in chosen ? { ...node, device: chosen[node.type] } : node,
    );
    const idOf = (type: string) => flow.find((node) => node.type === type)!.id;
    return { devices, nodeRed, news, flow, idOf };
  };

  it("hears the microphone, and plays the same speech on the loudspeaker", async () => {
    const { devices, nodeRed, news, flow, idOf } = await start();
    await post(nodeRed, "/flows", flow);
    const shows = (type: string, text?: string) =>
      news.badges.next((badge) => badge.node === idOf(type) && badge.text === text);
    await devices.say(Buffer.concat([speech, silence(1_000)]));
    await shows("gemini-microphone", "recording");
    await shows("gemini-loudspeaker", "playing");
    await shows("gemini-loudspeaker");
    assert.ok(correlation(speech, 16_000, devices.played(), 24_000) > 0.9);
  });

  it("is silent at once when the user speaks during an answer, and answers that", async () => {
    const programs = temporaryFolder();
    const aplay = join(programs, "aplay");
    writeProgram(aplay, playing);
    const { devices, nodeRed, news, flow, idOf } = await start([programs, process.env.PATH].join(delimiter));
    await post(nodeRed, "/flows", flow);
    const played = () => (existsSync(`${aplay}.played`) ? readFileSync(`${aplay}.played`) : Buffer.alloc(0));
    const starts = () => readFileSync(`${aplay}.starts`, "utf8").trim().split("\n").map(Number);
    const shows = (text?: string) =>
      news.badges.next((badge) => badge.node === idOf("gemini-loudspeaker") && badge.text === text);
    const question = Buffer.concat([speech, silence(1_000)]);
    await devices.say(question);
    await until(() => played().length > 48_000);
    await devices.say(question);
    for (const text of ["playing", undefined, "playing", undefined]) await shows(text);
    assert.equal(starts().length, 2);
    const first = played().subarray(0, starts()[1]);
    const second = played().subarray(starts()[1]);
    assert.ok(correlation(speech, 16_000, first, 24_000) < 0.9, "the first answer was played in full");
    assert.ok(correlation(speech, 16_000, second, 24_000) > 0.9);
  });

  it("leaves no program when the flow is deployed without the nodes, or when Node-RED is killed", async () => {
    const { devices, nodeRed, news, flow } = await start();
    const isRecording = () => programsWith(devices.microphone).length > 0;
    await post(nodeRed, "/flows", flow);
    await until(isRecording);
    await deploy(nodeRed, news, [], "full");
    assert.equal(isRecording(), false);
    await deploy(nodeRed, news, flow, "full");
    await until(isRecording);
    nodeRed.kill();
    // The program learns of it with its next sound.
    await until(() => {
      devices.say(silence(20)).catch(() => {});
      return !isRecording();
    });
  });

  it("suggests the devices of the machine in the dialogs", async () => {
    const { devices, nodeRed } = await start();
    const suggested = async (path: string) => (await fetch(nodeRed.url + path)).json();
    const byProgram = await suggested("/gemini-microphone/devices?program=alsa");
    assert.deepEqual(await suggested("/gemini-microphone/devices?program=auto"), byProgram);
    assert.ok(
      byProgram.devices.some(
        ({ name, description }: Record<string, string>) =>
          name === devices.microphone && description === "USB microphone",
      ),
    );
    const { devices: speakers } = await suggested("/gemini-loudspeaker/devices?program=nonsense");
    assert.ok(speakers.some(({ name }: { name: string }) => name === devices.loudspeaker));
  });
});
