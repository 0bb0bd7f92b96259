// The example flow that asks about a picture.

import assert from "node:assert/strict";
import { cleanUp } from "../clean-up";
import { listenAsEditor, post, startNodeRed } from "../node-red";
import { freePort } from "../plain-node-red";
import { example } from "./example";

describe("the example flow: ask about a picture", () => {
  it("shows the model the picture with the question, and the answer is about both", async () => {
    const { flow, idOf } = example("ask about a picture");
    const nodeRed = await startNodeRed({ PORT: String(await freePort()) });
    cleanUp(() => nodeRed.stop());
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(() => news.close());
    await post(nodeRed, "/flows", flow);
    await news.badges.next(({ node }) => node === idOf("gemini-live-session"));
    await post(nodeRed, `/inject/${idOf("ask")}`);
    const { msg } = await news.debug.next(({ id }) => id === idOf("answer"));
    assert.match(msg, /What is in this picture\?.*1 image, a PNG of 96×64/);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });
});
