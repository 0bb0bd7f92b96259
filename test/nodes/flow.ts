// Flows of our nodes for a test, in Node-RED's own runtime, with everything that they send, show and report in inboxes.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { NodeAPI, NodeMessage } from "node-red";
import audioIn from "../../nodes/audio-in";
import audioOut from "../../nodes/audio-out";
import interrupt from "../../nodes/interrupt";
import liveConfig from "../../nodes/live-config";
import liveSession from "../../nodes/live-session";
import liveToken from "../../nodes/live-token";
import toolCall from "../../nodes/tool-call";
import toolResponse from "../../nodes/tool-response";
import { cleanUp } from "../clean-up";
import { Inbox } from "../inbox";
import "../environment";

export interface Msg extends NodeMessage {
  [property: string]: unknown;
}

export interface BadgeShown {
  fill?: string;
  shape?: string;
  text?: string;
}

interface RunningNode {
  receive(msg: Msg): void;
  on(event: "input", listener: (msg: Msg) => void): void;
  on(event: `call:${"status" | "warn"}`, listener: (call: { args: unknown[] }) => void): void;
  status: { getCalls(): { thisValue: unknown; args: unknown[] }[] };
  warn: RunningNode["status"];
  send: RunningNode["status"];
}

/** What we use of node-red-node-test-helper, which has no types. */
interface Helper {
  init(runtime: string): void;
  load(inits: ((RED: NodeAPI) => void)[], flow: object[], credentials: object): Promise<void>;
  unload(): Promise<void>;
  setFlows(flow: object[], type: "nodes" | "flows" | "full"): Promise<void>;
  getNode(id: string): RunningNode;
  log(): { args: unknown[] };
}

const helper = require("node-red-node-test-helper") as Helper;
helper.init(require.resolve("node-red"));

type FlowNode = { id: string; type: string; [property: string]: unknown };

/** A node of the flow; `wires` are lists of ids, one for each output. */
export const node = (
  id: string,
  type: string,
  properties: object = {},
  wires: string[][] = [],
): FlowNode => ({ id, type, z: "tab", x: 0, y: 0, ...properties, wires });

/** A connection with the id `connection`: to the simulator, unless it says otherwise. */
export const connection = (properties: object = {}): FlowNode => ({
  id: "connection",
  type: "gemini-live-config",
  server: "simulator",
  ...properties,
});

/** A connection to a server of the test's own. */
export const connectionTo = ({ url }: { url: string }, properties: object = {}) =>
  connection({ server: "custom", url, reconnectAttempts: 0, ...properties });

/** The key that every custom connection has: it must turn up nowhere but at the server. */
export const KEY = "a-key-that-nobody-may-see";

/** A session with the id `session`, and a node behind each of its outputs: `audio`, `text`, `tools` and `events`. */
export const session = (properties: object = {}): FlowNode[] => [
  node("session", "gemini-live-session", { connection: "connection", ...properties }, [
    ["audio"],
    ["text"],
    ["tools"],
    ["events"],
  ]),
  ...["audio", "text", "tools", "events"].map((id) => node(id, "helper")),
];

const NODES = {
  "live-config": liveConfig,
  "live-session": liveSession,
  "audio-in": audioIn,
  "audio-out": audioOut,
  interrupt,
  "tool-call": toolCall,
  "tool-response": toolResponse,
  "live-token": liveToken,
};

/** Node-RED's own nodes that ours know how to use. */
const CORE = ["06-httpproxy", "05-tls"].map((file) => {
  const ofNodeRed = createRequire(require.resolve("node-red"));
  return ofNodeRed(`@node-red/nodes/core/network/${file}.js`) as (RED: NodeAPI) => void;
});

/** The flow that a test has started; what nodes of the type `helper` get is in the inbox of their id. */
export class Flow {
  readonly #inboxes = new Map<string, Inbox<Msg>>();

  /** Errors that reached a Catch node, with their messages. */
  get caught() {
    return this.at("caught");
  }

  /** What came to the node with this id. */
  at(id: string): Inbox<Msg> {
    return this.#inboxes.get(id)!;
  }

  /** All that came to the node with this id and is `wanted`. */
  all(id: string, wanted: (msg: Msg) => boolean = () => true): Msg[] {
    return this.at(id).items.filter(wanted);
  }

  send(id: string, msg: Msg) {
    helper.getNode(id).receive(msg);
  }

  /** The badges that a node has shown and will show. */
  badges(id: string): Inbox<BadgeShown> {
    return this.#calls(id, "status") as Inbox<BadgeShown>;
  }

  /** The warnings that a node has given and will give. */
  warnings(id: string): Inbox<string> {
    return this.#calls(id, "warn") as Inbox<string>;
  }

  /** Returns the messages that a node has sent so far, from any of its outputs: the objects themselves. */
  sends(id: string): () => Msg[] {
    const running = helper.getNode(id);
    return () =>
      running.send
        .getCalls()
        .filter(({ thisValue }) => thisValue === running)
        .flatMap(({ args }) => [args[0]].flat() as (Msg | null)[])
        .filter((msg) => msg !== null);
  }

  /** The error of the next message that a Catch node gets, and that message. */
  async nextError(): Promise<{ message: string; msg: Msg }> {
    const msg = await this.caught.next();
    return { message: (msg.error as { message: string }).message, msg };
  }

  /** Everything that the flow has shown, said and logged so far, as text. */
  everything(): string {
    const logged = helper.log().args.flat();
    const caught = [...this.#inboxes.values()].flatMap(({ items }) => items);
    const shown = helper.getNode("caught").status.getCalls();
    return [...logged, ...caught, ...shown.map(({ args }) => args)]
      .map((value) => `${value instanceof Error ? value.stack : JSON.stringify(value)}`)
      .join("\n");
  }

  /** Puts another flow in its place, as a deploy of modified nodes does. */
  async deploy(nodes: FlowNode[]) {
    await helper.setFlows(wholeFlow(nodes), "nodes");
    this.#listen(nodes);
  }

  async stop() {
    await helper.unload();
  }

  /** Starts a flow that stops with the test at the latest. */
  static async start(nodes: FlowNode[], credentials: object = { connection: { apiKey: KEY } }) {
    cleanUp(() => helper.unload());
    const inits = Object.entries(NODES).map(
      ([set, init]) =>
        (RED: NodeAPI) =>
          init(withTexts(RED, set)),
    );
    await helper.load([...CORE, ...inits], wholeFlow(nodes), credentials);
    // What a node's constructor showed was recorded; what comes from here on is told by events.
    await new Promise((resolve) => setImmediate(resolve));
    const flow = new Flow();
    flow.#listen([node("caught", "helper"), ...nodes]);
    return flow;
  }

  #listen(nodes: FlowNode[]) {
    for (const { id, type } of nodes) {
      if (type !== "helper" || this.#inboxes.has(id)) continue;
      const inbox = new Inbox<Msg>();
      this.#inboxes.set(id, inbox);
      helper.getNode(id).on("input", inbox.push);
    }
  }

  #calls(id: string, method: "status" | "warn"): Inbox<unknown> {
    const inbox = new Inbox<unknown>();
    const running = helper.getNode(id);
    for (const { thisValue, args } of running[method].getCalls())
      if (thisValue === running) inbox.push(args[0]);
    running.on(`call:${method}`, ({ args }) => inbox.push(args[0]));
    return inbox;
  }
}

const wholeFlow = (nodes: FlowNode[]) => [
  { id: "tab", type: "tab", label: "test", disabled: false },
  node("catch", "catch", { scope: null, uncaught: false }, [["caught"]]),
  node("caught", "helper"),
  ...nodes,
];

/** The helper's `RED._` gives the key back; this one looks into the catalogue of the node, as the runtime does. */
function withTexts(RED: NodeAPI, set: string): NodeAPI {
  const catalogue = JSON.parse(readFileSync(join(__dirname, `../../locales/en-US/${set}.json`), "utf8"));
  const translate = (key: string, values: Record<string, string> = {}) => {
    const text = key.split(".").reduce((part, name) => part?.[name], catalogue);
    return String(text).replace(/__(\w+)__/g, (_, name: string) => String(values[name]));
  };
  return Object.assign(Object.create(RED), { _: translate });
}
