// Flows of our nodes for a test, in Node-RED's own runtime, with everything that they send, show and report in inboxes.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeAPI, NodeMessage } from "node-red";
import audioIn from "../../nodes/audio-in";
import audioOut from "../../nodes/audio-out";
import browserIn from "../../nodes/browser-in";
import browserOut from "../../nodes/browser-out";
import interrupt from "../../nodes/interrupt";
import liveConfig from "../../nodes/live-config";
import liveSession from "../../nodes/live-session";
import liveToken from "../../nodes/live-token";
import loudspeaker from "../../nodes/loudspeaker";
import microphone from "../../nodes/microphone";
import toolCall from "../../nodes/tool-call";
import toolResponse from "../../nodes/tool-response";
import { opened, replace } from "../clean-up";
import { acceptSetup, startFarEnd } from "../far-end";
import { type FlowNode, node, tab } from "../flow-node";
import { Inbox } from "../inbox";
import { deployFlow, runtime, startRuntime } from "./runtime";

export interface Msg extends NodeMessage {
  [property: string]: unknown;
}

export interface BadgeShown {
  fill?: string;
  shape?: string;
  text?: string;
}

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
  microphone,
  loudspeaker,
  "tool-call": toolCall,
  "tool-response": toolResponse,
  "live-token": liveToken,
  "browser-in": browserIn,
  "browser-out": browserOut,
};

/** Node-RED's own nodes that ours, or flows of the tests, use. */
const CORE = ["network/06-httpproxy", "network/05-tls", "function/10-switch", "function/90-exec"];

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
    runtime.getNode(id).receive(msg);
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
    const running = runtime.getNode(id);
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
    const logged = runtime.log().args.flat();
    const caught = [...this.#inboxes.values()].flatMap(({ items }) => items);
    const shown = runtime.getNode("caught").status.getCalls();
    return [...logged, ...caught, ...shown.map(({ args }) => args)]
      .map((value) =>
        JSON.stringify(value, (_, part) => (part instanceof Error ? `${part}\n${part.stack}` : part)),
      )
      .join("\n");
  }

  /** Puts another flow in its place, as a deploy of modified nodes does. */
  async deploy(nodes: FlowNode[]) {
    await deployFlow(wholeFlow(nodes), "nodes");
    this.#listen(nodes);
  }

  async stop() {
    await runtime.unload();
  }

  /** Starts a flow that stops with the test at the latest. @param http the server and the handler of the http nodes */
  static async start(
    nodes: FlowNode[],
    credentials: object = { connection: { apiKey: KEY } },
    http: Partial<Pick<NodeAPI, "server" | "httpNode">> = {},
  ) {
    const inits = Object.entries(NODES).map(
      ([set, init]) =>
        (RED: NodeAPI) =>
          init(Object.assign(withTexts(RED, set), http)),
    );
    await startRuntime(CORE, inits, wholeFlow(nodes), credentials);
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
      runtime.getNode(id).on("input", inbox.push);
    }
  }

  #calls(id: string, method: "status" | "warn"): Inbox<unknown> {
    const inbox = new Inbox<unknown>();
    const running = runtime.getNode(id);
    for (const { thisValue, args } of running[method].getCalls())
      if (thisValue === running) inbox.push(args[0]);
    running.on(`call:${method}`, ({ args }) => inbox.push(args[0]));
    return inbox;
  }
}

/** A Catch node in front of the nodes with these ids, in place of that of every flow. */
export const catching = (wires: string[]) =>
  node("catch", "catch", { scope: null, uncaught: false }, [wires]);

const wholeFlow = (nodes: FlowNode[]) => [
  tab(),
  ...(nodes.some(({ type }) => type === "catch") ? [] : [catching(["caught"])]),
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
  return Object.assign(Object.create(RED), { _: translate }) as NodeAPI;
}

/** Whether a message of the events output reports that state, of the conversation with that key. */
export const state = (name: string, key?: string) => (msg: Msg) =>
  (msg.payload as { state?: string }).state === name && (!key || msg.session === key);

/** Whether a message reports that event. */
export const event = (name: string) => (msg: Msg) => msg.event === name;

/** Moves the clock of this process on by `ms`; timers that run already keep their time. */
export function skip(ms: number) {
  const now = performance.now.bind(performance);
  replace(performance, "now", () => now() + ms);
}

/** A frame of the client, by the name of its field. */
export type Frame = Record<string, Record<string, unknown>>;

/**
 * Starts a session with a server of the test's own; both end with the test.
 * @param onFrame what the server does with each frame; by default it accepts every setup, and answers nothing
 * @returns also the frames after the setups
 */
export async function startSession(onFrame = acceptSetup(), settings: object = {}, properties: object = {}) {
  const frames = new Inbox<Frame>();
  const farEnd = await opened(
    startFarEnd((frame, reply, socket) => {
      if (!frame.setup) frames.push(frame as Frame);
      onFrame(frame, reply, socket);
    }),
  );
  const flow = await Flow.start([connectionTo(farEnd, settings), ...session(properties)]);
  return { flow, farEnd, frames };
}

/** The texts that the server got, those without an answer included. */
export const textsIn = (frames: Frame[]) =>
  frames.flatMap(({ clientContent }) =>
    ((clientContent?.turns ?? []) as { parts: { text: string }[] }[]).map(({ parts }) => parts[0]!.text),
  );

/** A server that accepts every setup, and answers each text that wants an answer. */
export const answering = (answer: (reply: (frame: object) => void) => void) =>
  acceptSetup((frame, reply) => {
    if ((frame as Frame).clientContent?.turnComplete) answer(reply);
  });
