// The example flow that writes what is dictated to a file, in a real Node-RED.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp } from "../clean-up";
import { deploy, listenAsEditor, startNodeRed } from "../node-red";
import { openPage } from "../page-client";
import { temporaryFolder } from "../sound-programs";
import { silence, speech } from "../speech";
import { example } from "./example";

const { flow, idOf } = example("dictation by button");

describe("the example flow: dictation by button", () => {
  /** Starts the flow with a file of the test, and opens its page. `dictate` presses the button, says `sound`, and releases it. */
  const start = async () => {
    const file = join(temporaryFolder(), "texts", "dictation.txt");
    const nodeRed = await startNodeRed();
    cleanUp(() => nodeRed.stop());
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(() => news.close());
    const env = [{ name: "FILE", value: file, type: "str" }];
    const own = flow.map((node) => (node.type === "tab" ? { ...node, env } : node));
    await deploy(nodeRed, news, own, "full");
    const { client } = await openPage(`${nodeRed.url}/dictation`);
    client.tell({ type: "action", action: "connect" });
    await client.next("state", ({ state }) => state === "connected");
    const dictate = (sound: Buffer) => {
      client.tell({ type: "action", action: "activityStart" });
      client.speak(sound);
      client.tell({ type: "action", action: "activityEnd" });
    };
    const isOver = () => client.next("event", ({ event }) => event === "turnComplete");
    /** Waits for a whole text on the page, and until the file has it. */
    const written = async () => {
      const { role, text } = await client.next("text", ({ final }) => final);
      assert.equal(role, "user");
      await news.debug.next(({ id }) => id === idOf("written"));
      return text;
    };
    const lines = () => readFileSync(file, "utf8").split("\n");
    return { nodeRed, client, dictate, isOver, written, lines };
  };

  it("writes a line for each press to the file: the whole text that the page shows at the end", async () => {
    const { nodeRed, client, dictate, written, lines } = await start();
    dictate(speech);
    const interim = await client.next("text");
    assert.deepEqual([interim.role, interim.final, interim.interim], ["user", false, true]);
    const first = await written();
    dictate(speech.subarray(0, 32_000));
    const second = await written();
    assert.notEqual(first, second);
    assert.deepEqual(lines(), [first, second, ""]);
    assert.equal(client.heard().length, 0);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });

  it("writes nothing for a press without speech, and the text of the next press", async () => {
    const { nodeRed, dictate, isOver, written, lines } = await start();
    dictate(Buffer.alloc(0));
    dictate(silence(1_000));
    await isOver();
    dictate(speech);
    const text = await written();
    assert.deepEqual(lines(), [text, ""]);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });
});
