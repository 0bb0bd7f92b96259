// A conversation that another process takes over, with a model of each family: the simulator treats each as its server does.

import assert from "node:assert/strict";
import type { MODELS } from "../../../live/setup/model-profiles";
import { startSimulator } from "../../../simulator/server";
import { cleanUp } from "../../clean-up";
import { TestClock } from "../../clock";
import { silence, speech } from "../../speech";
import { settings, Talk } from "../talk";
import { sharedStore } from "./shared-store";

/** Whether the server remembers it. */
const REMEMBERED: Record<(typeof MODELS)[number], boolean> = {
  "gemini-3.8-live": true,
  "gemini-3.8-live-extended-thinking": true,
  "gemini-3.5-live-translate-preview": true,
  "gemini-3.5-transcribe-live": false,
  "gemini-3.1-flash-live-preview": true,
  "gemini-2.5-flash-native-audio-preview-12-2025": true,
};

describe("a conversation that another process takes over", () => {
  for (const [model, remembered] of Object.entries(REMEMBERED))
    it(`${remembered ? "is resumed" : "begins anew"} with ${model}; its turns are counted on, its tokens added up, and the flow is told of the gap`, async () => {
      const clock = new TestClock();
      const simulator = await startSimulator({ clock, strict: true });
      cleanUp(() => simulator.close());
      const handles = sharedStore();
      /** Opens it, or continues it, and speaks to the end of a turn. */
      const speak = async () => {
        const talk = new Talk(simulator.url, { handles, settings: { ...settings, model } }, clock);
        cleanUp(() => talk.conversation.close());
        talk.speak(Buffer.concat([silence(300), speech, silence(2_000)]));
        const { turn } = await talk.next("turnComplete");
        await clock.during(new Promise<void>((left) => talk.conversation.leave(5_000, left)));
        talk.conversation.close("continues elsewhere", true);
        return { talk, turn };
      };
      const first = await speak();
      const { talk, turn } = await speak();
      assert.equal(turn, first.turn + 1);
      assert.deepEqual(
        talk.all("resumed").map((event) => event.remembered),
        [remembered],
      );
      assert.equal(talk.all("gap").length, 1);
      assert.equal(simulator.conversations.length, remembered ? 1 : 2);
      const [before = 0, after = 0] = [first.talk, talk].map(
        (each) => each.all("usage").at(-1)?.usage.conversation.total ?? 0,
      );
      assert.ok(after > before || model.includes("transcribe"), `${before} ${after}`);
    });
});
