import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { examplePath } from "../example-path";
import { type EditorNews, listenAsEditor, type NodeRed, post, startNodeRed } from "../node-red";

interface FlowNode {
  id: string;
  type: string;
  name: string;
}

describe("the example flow: a text and a stop button", () => {
  const file = examplePath("a text and a stop button");
  const flow = JSON.parse(readFileSync(file, "utf8")) as FlowNode[];
  let nodeRed: NodeRed;
  let news: EditorNews;

  before(async () => {
    nodeRed = await startNodeRed();
    news = await listenAsEditor(nodeRed.url);
    await post(nodeRed, "/flows", flow);
    await news.badges.next(
      ({ node, text }) => node === idOf("gemini-live-session") && text === "disconnected",
    );
  });
  after(async () => {
    news.close();
    await nodeRed.stop();
  });
  const idOf = (nameOrType: string) =>
    flow.find(({ name, type }) => name === nameOrType || type === nameOrType)!.id;
  const press = (name: string) => post(nodeRed, `/inject/${idOf(name)}`);
  const shown = (name: string, what = "") =>
    news.debug.next(({ id, msg }) => id === idOf(name) && msg.includes(what));

  it("answers a text with a transcript, and reports when the sound of the answer was sent", async () => {
    await press("text");
    assert.match((await shown("transcript")).msg, /Tell me about the weather, the sea and the stars/);
    await shown("playback", "turnComplete");
  });

  it("silences the answer when stop is pressed, and answers again afterwards", async () => {
    await press("text");
    await press("stop");
    await shown("playback", "flush");
    await press("text");
    await shown("transcript");
  });
});
