import assert from "node:assert/strict";
import { cleanUp } from "../clean-up";
import { node } from "../flow-node";
import { fresh } from "../fresh";
import { hideFile } from "../missing-file";
import { speech } from "../speech";

const TYPES = {
  "gemini-audio-in": { payload: speech.subarray(0, 640) },
  "gemini-audio-out": { payload: Buffer.alloc(4_800), mimeType: "audio/pcm;rate=24000" },
};

describe("when the sample rate converter cannot be loaded", () => {
  for (const [type, msg] of Object.entries(TYPES))
    it(`${type} has a red badge and an error per message, and works once it can be loaded`, async () => {
      const { Flow } = fresh<typeof import("./flow")>("test/nodes/flow");
      const repair = hideFile("speex-resampler-simd.wasm");
      cleanUp(repair);
      const flow = await Flow.start([node("audio", type, {}, [["out"]]), node("out", "helper")]);
      const badges = flow.badges("audio");
      assert.equal((await badges.next(({ fill }) => fill === "red")).shape, "ring");
      for (let i = 0; i < 2; i++) {
        flow.send("audio", { ...msg, mark: i });
        const caught = await flow.caught.next(({ mark }) => mark === i);
        assert.match(
          (caught.error as { message: string }).message,
          /converter cannot be loaded: .*no such file/,
        );
      }
      repair();
      flow.send("audio", { ...msg });
      assert.ok(Buffer.isBuffer((await flow.at("out").next()).payload));
      await badges.next(({ fill }) => fill === undefined);
    });
});
