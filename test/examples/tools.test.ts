import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Aedes } from "aedes";
import { call, callWith, type Told } from "../caller";
import { cleanUp } from "../clean-up";
import { Inbox } from "../inbox";
import { listenAsEditor, post, startNodeRed } from "../node-red";

interface FlowNode {
  id: string;
  type: string;
  name?: string;
}

/** Runs a shipped example in a real Node-RED; `change` adapts its text to this machine's free ports. */
async function run(name: string, change: (flow: string, port: string) => string) {
  const nodeRed = await startNodeRed();
  cleanUp(() => nodeRed.stop());
  const text = readFileSync(join(__dirname, "../../examples", `${name}.json`), "utf8");
  const flow = JSON.parse(change(text, new URL(nodeRed.url).port)) as FlowNode[];
  const news = await listenAsEditor(nodeRed.url);
  cleanUp(() => news.close());
  await post(nodeRed, "/flows", flow);
  const session = flow.find(({ type }) => type === "gemini-live-session")!.id;
  await news.badges.next(({ node }) => node === session);
  const press = () => post(nodeRed, `/inject/${flow.find(({ type }) => type === "inject")!.id}`);
  return { nodeRed, news, flow, press };
}

/** What the page at this address is told once it is known: also the captions of a conversation that belongs to no browser. */
async function listen(page: string) {
  const { socket, told } = await call(page);
  cleanUp(() => socket.terminate());
  await told.next(({ event }) => event === "state");
  return told;
}

const saidBy = (role: string, what: RegExp) => (told: Told) =>
  told.event === "caption" && told.role === role && told.final === true && what.test(told.text!);

describe("the example flows with tools", () => {
  it("weather by voice: the model asks the flow's own weather service over HTTP", async () => {
    const { nodeRed, press } = await run("weather by voice", (flow) => flow);
    const told = await listen(`${nodeRed.url}/weather`);
    await press();
    const { text } = await told.next(saidBy("model", /get_weather answered/));
    assert.match(text!, /"city":\s*"Berlin".*"temperature":\s*21.*"sky":\s*"sunny"/s);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
    assert.equal((await fetch(`${nodeRed.url}/weather`)).status, 200);
  });

  it("weather by voice: a message without a browser goes to every page of the example, and to no other client", async () => {
    const { nodeRed, press } = await run("weather by voice", (flow) => flow);
    const page = `${nodeRed.url}/weather`;
    const [stranger, first, second] = [await callWith(page, undefined), await call(page), await call(page)];
    cleanUp(() => [stranger, first, second].forEach(({ socket }) => void socket.terminate()));
    for (const { told } of [first, second]) await told.next(({ state }) => state === "connected");
    await press();
    for (const { told } of [first, second]) {
      await told.next(saidBy("model", /get_weather/));
      await told.next(({ event }) => event === "turnComplete");
    }
    await stranger.settled();
    assert.ok(first.heard().length > 0);
    assert.ok(second.heard().equals(first.heard()));
    assert.equal(stranger.received, 0);
  });

  it("weather by voice: the model gets an error when the service cannot be reached", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const { nodeRed, press } = await run("weather by voice", (flow) =>
      flow.replaceAll('$flowContext(\\"port\\")', String(port)),
    );
    const told = await listen(`${nodeRed.url}/weather`);
    await press();
    await told.next(saidBy("model", /get_weather failed.*ECONNREFUSED/s));
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
    const { nodeRed, news, flow, press } = await run("lights by voice", (text) =>
      text.replace('"port": "1883"', `"port": "${port}"`),
    );
    const mqtt = flow.filter(({ type }) => type === "mqtt in").map(({ id }) => id);
    await news.badges.next(({ node, fill }) => mqtt.includes(node) && fill === "green");
    const told = await listen(`${nodeRed.url}/lights`);
    await press();
    const order = await published.next(({ topic }) => topic === "lights/kitchen/set");
    assert.equal(JSON.parse(order.payload).on, true);
    await published.next(({ topic }) => topic === "lights/kitchen/state");
    await told.next(saidBy("model", /switch_light answered.*The light is on/s));
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });
});
