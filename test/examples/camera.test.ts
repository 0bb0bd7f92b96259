// The example flow that asks a camera, with a server that serves images, and a microphone that is a file, in a real Node-RED.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { run } from "../audio/programs";
import { cleanUp } from "../clean-up";
import { deploy } from "../node-red";
import { describeWithPrograms } from "../sound-programs";
import { chunksOf, correlation, silence, speech } from "../speech";
import { startSpeaker } from "./speaker-flow";

/** A JPEG image of this width. */
const jpeg = (width: number) => {
  const from = ["-loglevel", "error", "-f", "lavfi", "-i", `testsrc=size=${width}x240`];
  return run("ffmpeg", [...from, "-frames:v", "1", "-f", "image2", "-c:v", "mjpeg", "-"], Buffer.alloc(0));
};

/** A camera that serves wider images the longer it is asked, and is busy every third time. Returns when it was asked, by the clock. */
async function startCamera() {
  const images = [320, 336, 352, 368].map(jpeg);
  const asked: number[] = [];
  const camera = createServer((_request, response) => {
    const isBusy = asked.push(performance.now()) % 3 === 0;
    response.statusCode = isBusy ? 503 : 200;
    response.end(isBusy ? "busy" : images[Math.min(asked.length, images.length) - 1]);
  }).listen(0, "127.0.0.1");
  await once(camera, "listening");
  cleanUp(() => new Promise((resolve) => camera.close(resolve)));
  return { url: `http://127.0.0.1:${(camera.address() as AddressInfo).port}/snapshot.jpg`, asked };
}

describeWithPrograms(["arecord", "aplay", "ffmpeg"], "the example flow: what does the camera see", () => {
  it("sends an image a second while the user speaks, and plays the same speech as the answer of a model that has seen them", async () => {
    const { url, asked } = await startCamera();
    const { devices, nodeRed, news, flow, idOf, shows } = await startSpeaker("what does the camera see");
    const own = flow.map((node) => (node.type === "http request" ? { ...node, url } : node));
    await deploy(nodeRed, news, own, "full");
    await devices.say(silence(2_000));
    assert.equal(asked.length, 0);
    // A microphone of a file is as fast as the test speaks.
    while (asked.length < 4)
      for (const piece of chunksOf(speech, 6_400)) {
        await devices.say(piece);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    await devices.say(silence(1_500));
    const { msg } = await news.debug.next(
      ({ id, msg }) => id === idOf("transcript") && msg.includes("images"),
    );
    const [, count] = /I have seen (\d+) images; the last was a JPEG of 3\d\d×240\./.exec(msg) ?? [];
    assert.ok(Number(count) >= 2, msg);
    assert.ok(Number(count) <= asked.length - Math.floor(asked.length / 3), `${msg} of ${asked.length}`);
    // A second between each two, but the first may be late.
    assert.ok(asked.at(-1)! - asked[0]! > 1_000 * (asked.length - 2), `${asked}`);
    // Nobody speaks: the camera is left alone.
    const before = asked.length;
    await shows("gemini-loudspeaker");
    assert.equal(asked.length, before);
    assert.ok(correlation(speech, 16_000, devices.played(), 24_000) > 0.9);
  });
});
