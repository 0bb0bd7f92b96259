import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { Aedes } from "aedes";
import { cleanUp } from "../clean-up";
import { examplePath } from "../example-path";
import { Inbox } from "../inbox";
import { listenAsEditor, post, startNodeRed } from "../node-red";
import { openPage } from "../page-client";
import { freePort } from "../plain-node-red";

interface FlowNode {
  id: string;
  type: string;
  name?: string;
}

/** Runs a shipped example in a real Node-RED; `change` adapts its text to this machine's free ports. */
async function run(name: string, change: (flow: string, port: string) => string) {
  const nodeRed = await startNodeRed({ PORT: String(await freePort()) });
  cleanUp(() => nodeRed.stop());
  const text = readFileSync(examplePath(name), "utf8");
  const flow = JSON.parse(change(text, new URL(nodeRed.url).port)) as FlowNode[];
  const news = await listenAsEditor(nodeRed.url);
  cleanUp(() => news.close());
  await post(nodeRed, "/flows", flow);
  const session = flow.find(({ type }) => type === "gemini-live-session")!.id;
  await news.badges.next(({ node }) => node === session);
  return { nodeRed, news, flow };
}

/** Writes a text on the page at this address. */
async function write(page: string, text: string) {
  const { client } = await openPage(page);
  client.tell({ type: "text", text });
  return client;
}

/** Lets the flow ask a weather service at another port. */
const withPort = (flow: string, port: string) => flow.replaceAll('$env(\\"PORT\\")', port);
const ASK = 'call get_weather with {"city": "Berlin"}';

/** Waits for an answer of the model with these words. */
const answer = (client: Awaited<ReturnType<typeof write>>, what: RegExp) =>
  client.next("text", ({ role, final, text }) => role === "model" && final && what.test(text));

describe("the example flows with tools", () => {
  it("weather by voice: the model asks the flow's own weather service over HTTP, at the port in PORT, and the page shows that it does", async () => {
    const { nodeRed } = await run("weather by voice", (flow) => flow);
    const client = await write(`${nodeRed.url}/weather`, ASK);
    await client.next("tool", ({ name }) => name === "get_weather");
    const { text } = await answer(client, /get_weather answered/);
    assert.match(text, /"city":\s*"Berlin".*"temperature":\s*21.*"sky":\s*"sunny"/s);
    await client.next("turnComplete");
    assert.ok(client.heard().length > 0);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });

  it("weather by voice: the model gets an error when the service cannot be reached", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const { nodeRed } = await run("weather by voice", (flow) => withPort(flow, String(port)));
    const client = await write(`${nodeRed.url}/weather`, ASK);
    await answer(client, /get_weather failed.*ECONNREFUSED/s);
  });

  it("lights by voice: a late response of an MQTT device reaches its call", async () => {
    const broker = await Aedes.createBroker();
    const server = createServer(broker.handle).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const published = new Inbox<{ topic: string; payload: string }>();
    broker.on("publish", ({ topic, payload }) => published.push({ topic, payload: payload.toString() }));
    cleanUp(async () => {
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      await new Promise((resolve) => server.close(resolve));
    });
    const { nodeRed, news, flow } = await run("lights by voice", (text) =>
      text.replace('"port": "1883"', `"port": "${port}"`),
    );
    const mqtt = flow.filter(({ type }) => type === "mqtt in").map(({ id }) => id);
    await news.badges.next(({ node, fill }) => mqtt.includes(node) && fill === "green");
    const client = await write(
      `${nodeRed.url}/lights`,
      'call switch_light with {"room": "kitchen", "on": true}',
    );
    const order = await published.next(({ topic }) => topic === "lights/kitchen/set");
    assert.equal(JSON.parse(order.payload).on, true);
    await published.next(({ topic }) => topic === "lights/kitchen/state");
    await answer(client, /switch_light answered.*The light is on/s);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });
});
