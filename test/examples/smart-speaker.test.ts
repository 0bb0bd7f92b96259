// The example flow with a microphone and a loudspeaker of ALSA that are files, in a real Node-RED.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { DEADLINE_MS } from "../inbox";
import { deploy, post } from "../node-red";
import { describeWithPrograms } from "../sound-programs";
import { correlation, silence, speech } from "../speech";
import { example } from "./example";
import { keepingPlayer, startSpeaker } from "./speaker-flow";

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
  const start = (PATH?: string) => startSpeaker("raspberry pi as a smart speaker", PATH);

  it("needs five nodes from the microphone to the loudspeaker; two more are buttons that mute and unmute", () => {
    const types = example("raspberry pi as a smart speaker").flow.map(({ type }) => type);
    const apart = ["tab", "comment", "gemini-live-config", "inject"];
    assert.deepEqual(
      types.filter((type) => !apart.includes(type)).sort(),
      ["audio-in", "audio-out", "live-session", "loudspeaker", "microphone"].map((name) => `gemini-${name}`),
    );
    assert.equal(types.filter((type) => type === "inject").length, 2);
  });

  it("hears the microphone, and plays the same speech on the loudspeaker", async () => {
    const { devices, nodeRed, flow, shows } = await start();
    await post(nodeRed, "/flows", flow);
    await devices.say(Buffer.concat([speech, silence(1_000)]));
    await shows("gemini-microphone", "recording");
    await shows("gemini-loudspeaker", "playing");
    await shows("gemini-loudspeaker");
    assert.ok(correlation(speech, 16_000, devices.played(), 24_000) > 0.9);
  });

  it("is silent at once when the user speaks during an answer, and answers that", async () => {
    const { PATH, played, starts } = keepingPlayer();
    const { devices, nodeRed, flow, shows } = await start(PATH);
    await post(nodeRed, "/flows", flow);
    const question = Buffer.concat([speech, silence(1_000)]);
    await devices.say(question);
    await until(() => played().length > 48_000);
    await devices.say(question);
    for (const text of ["playing", undefined, "playing", undefined]) await shows("gemini-loudspeaker", text);
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
