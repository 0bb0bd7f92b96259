import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { examplePath } from "../example-path";
import { deploy, listenAsEditor, type NodeRed, startNodeRed } from "../node-red";
import { openPage, type PageClient } from "../page-client";
import { correlation, silence, speech } from "../speech";

const flow = JSON.parse(readFileSync(examplePath("talk in the browser"), "utf8")) as {
  id: string;
  type: string;
}[];

describe("the example flow: talk in the browser", () => {
  let nodeRed: NodeRed;

  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(() => nodeRed.stop());
  const call = async (resume?: string) => {
    const opened = await openPage(`${nodeRed.url}/talk`, resume);
    opened.client.tell({ type: "action", action: "connect" });
    return opened;
  };
  const question = Buffer.concat([speech, silence(1_000)]);
  const captions = ({ told }: PageClient) =>
    told.items.flatMap((message) => (message.type === "text" && message.final ? [message] : []));

  it("has six nodes, a connection and a comment", () => {
    const nodes = flow.filter(({ type }) => !["tab", "comment", "gemini-live-config"].includes(type));
    assert.equal(nodes.length, 6);
    assert.equal(flow.length, 9);
  });

  it("gives a recording of speech back as that speech, with captions of both sides", async () => {
    const { client } = await call();
    assert.equal((await client.next("state", ({ state }) => state === "connected")).server, "simulator");
    client.speak(question);
    await client.next("turnComplete");
    assert.ok(correlation(speech, 16_000, client.heard(), 24_000) > 0.9);
    assert.deepEqual(
      captions(client).map(({ role }) => role),
      ["user", "model"],
    );
    assert.match(captions(client)[1]!.text, /simulator/i);
  });

  it("paces the answer: it takes about as long to come as it takes to hear", async () => {
    const { client } = await call();
    client.speak(question);
    await client.next("text", ({ role }) => role === "model");
    const start = performance.now();
    await client.next("turnComplete");
    assert.ok(performance.now() - start > client.heard().length / 48 - 500);
  });

  it("stops the answer at once on barge-in", async () => {
    const { client } = await call();
    client.speak(question);
    await client.next("text", ({ role }) => role === "model");
    client.speak(speech);
    await client.next("flush");
    const atFlush = client.heard().length;
    await client.next("turnComplete");
    assert.equal(client.heard().length, atFlush);
  });

  it("holds two conversations with two pages", async () => {
    const [first, second] = [(await call()).client, (await call()).client];
    const reversed = Buffer.from(speech);
    for (let i = 0; i < speech.length; i += 2)
      reversed.writeInt16LE(speech.readInt16LE(speech.length - 2 - i), i);
    first.speak(question);
    second.speak(Buffer.concat([reversed, silence(1_000)]));
    await Promise.all([first.next("turnComplete"), second.next("turnComplete")]);
    assert.ok(correlation(speech, 16_000, first.heard(), 24_000) > 0.9);
    assert.ok(correlation(reversed, 16_000, second.heard(), 24_000) > 0.9);
    assert.ok(correlation(speech, 16_000, second.heard(), 24_000) < 0.5);
  });

  it("answers a text, and ends the conversation when the page says so", async () => {
    const { client } = await call();
    client.tell({ type: "text", text: "How are you?" });
    await client.next("turnComplete");
    assert.match(captions(client).at(-1)!.text, /How are you\?/);
    client.tell({ type: "action", action: "disconnect" });
    await client.next("state", ({ state }) => state === "closed");
  });

  it("goes on with the same conversation after deploys of single nodes", async () => {
    const news = await listenAsEditor(nodeRed.url);
    const first = await call();
    await first.client.next("state", ({ state }) => state === "connected");
    const changed = flow.map((node) =>
      node.type === "gemini-browser-in" ? { ...node, title: "Deployed" } : node,
    );
    const closed = first.client.closeCode();
    await deploy(nodeRed, news, changed, "nodes");
    assert.equal(await closed, 1001);
    const { client } = await openPage(`${nodeRed.url}/talk`, first.resume);
    await client.next("state", ({ state }) => state === "connected");
    client.speak(question);
    await client.next("turnComplete");
    assert.ok(
      !client.told.items.some((message) => message.type === "state" && message.state === "connecting"),
    );
    news.close();
  });

  it("serves the page, and says nothing of errors", async () => {
    const page = await fetch(`${nodeRed.url}/talk`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<title>\w+<\/title>/);
    assert.doesNotMatch(nodeRed.output(), /\[error\]|Error:/);
  });
});
