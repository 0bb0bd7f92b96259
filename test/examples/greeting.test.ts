// The example flow in which the model speaks first.

import assert from "node:assert/strict";
import { cleanUp } from "../clean-up";
import { listenAsEditor, post, startNodeRed } from "../node-red";
import { openPage } from "../page-client";
import { silence, speech } from "../speech";
import { example } from "./example";

describe("the example flow: a call that is greeted", () => {
  const { flow, idOf } = example("a call that is greeted");
  const start = async () => {
    const nodeRed = await startNodeRed();
    cleanUp(() => nodeRed.stop());
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(() => news.close());
    await post(nodeRed, "/flows", flow);
    await news.badges.next(({ node }) => node === idOf("gemini-live-session"));
    const { client } = await openPage(`${nodeRed.url}/call`);
    client.tell({ type: "action", action: "connect" });
    return { nodeRed, client };
  };
  const says = (client: Awaited<ReturnType<typeof start>>["client"], what: RegExp) =>
    client.next("text", ({ role, final, text }) => role === "model" && final && what.test(text));

  it("greets the caller, who has said nothing, and then answers", async () => {
    const { nodeRed, client } = await start();
    await says(client, /Hello!/);
    await client.next("turnComplete");
    assert.ok(client.heard().length > 24_000, "more than half a second of sound");
    assert.ok(!client.told.items.some((told) => told.type === "text" && told.role === "user"));
    client.speak(Buffer.concat([speech, silence(1_000)]));
    await says(client, /Echo: .* seconds of speech/);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });

  it("tells the caller what the button announces, after the greeting", async () => {
    const { nodeRed, client } = await start();
    await client.next("state", ({ state }) => state === "connected");
    await post(nodeRed, `/inject/${idOf("announce")}`);
    await says(client, /Hello!/);
    await says(client, /the shop closes in ten minutes/);
  });
});
