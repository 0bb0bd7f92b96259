// Flows of toy nodes for a test of their wires, in Node-RED's own runtime: sessions that look for their tools whenever flows
// have started, tool-calls that announce one, and what can lie in between.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { onFlowsStarted } from "../../nodes/flows-started";
import { announceTool, type FoundTool, findTools } from "../../nodes/tool-discovery";
import { cleanUp } from "../clean-up";

export interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** What we use of node-red-node-test-helper, which has no types. */
interface Helper {
  init(runtime: string): void;
  load(inits: ((RED: NodeAPI) => void)[], flow: object[]): Promise<void>;
  unload(): Promise<void>;
  setFlows(flow: object[], type: Deploy): Promise<void>;
  /** The runtime's own, which it gives to the nodes as `RED.events`. */
  _events: NodeAPI["events"];
  log(): { args: [{ level: number; msg: unknown }][] };
}

/** As the menu of the Deploy button says it: modified nodes, modified flows, everything. */
export type Deploy = "nodes" | "flows" | "full";

const helper = require("node-red-node-test-helper") as Helper;
helper.init(require.resolve("node-red"));

const CORE = ["common/05-junction", "common/60-link", "function/10-function", "function/10-switch"].map(
  (file) => require(`@node-red/nodes/core/${file}`) as (RED: NodeAPI) => void,
);

export const node = (
  id: string,
  type: string,
  wires: (string | null)[][] = [],
  properties: object = {},
): FlowNode => ({ id, type, z: "tab", x: 0, y: 0, ...properties, wires });

/** A session; `wires` are those of its tools output. */
export const session = (wires: string[], id = "session") =>
  node(id, "gemini-live-session", [["elsewhere"], [], wires, []]);

/** A tool-call with a name that is no node's id, for a subflow would take it for a reference. */
export const tool = (id: string, properties: object = {}, wires: string[] = []) =>
  node(id, "gemini-tool-call", [wires, []], { functionName: `get_${id}`, ...properties });

/** A node that passes on what it gets. */
export const pass = (id: string, ...wires: string[][]) => node(id, "pass", wires.length ? wires : [[]]);
export const junction = (id: string, wires: string[]) => node(id, "junction", [wires]);
export const linkIn = (id: string, wires: string[], links: string[] = []) =>
  node(id, "link in", [wires], { links });
export const linkOut = (id: string, links: string[]) => node(id, "link out", [], { mode: "link", links });
export const linkReturn = (id: string) => node(id, "link out", [], { mode: "return", links: [] });
export const disabled = (node: FlowNode): FlowNode => ({ ...node, d: true });
/** The same nodes on another tab or in a subflow. */
export const on = (z: string, ...nodes: FlowNode[]) => nodes.map((node) => ({ ...node, z }));
export const tab = (id: string, properties: object = {}): FlowNode => ({
  id,
  type: "tab",
  label: id,
  disabled: false,
  ...properties,
});

/**
 * A subflow with one input, its `nodes`, and one output for each list of `outputs`.
 * @param outputs the ids of nodes whose first output it is; the subflow's own id is its input
 */
export const subflow = (id: string, input: string[], nodes: FlowNode[], ...outputs: string[][]) => [
  {
    id,
    type: "subflow",
    name: id,
    in: [{ x: 0, y: 0, wires: input.map((id) => ({ id })) }],
    out: outputs.map((ids) => ({ x: 0, y: 0, wires: ids.map((id) => ({ id, port: 0 })) })),
  },
  ...on(id, ...nodes),
];

export const instance = (id: string, of: string, ...wires: string[][]) => node(id, `subflow:${of}`, wires);

/** A running flow of toys. All that is found in it was found when flows had last started. */
export class Toys {
  /** By the id of the session; a deploy begins with none. */
  readonly #found = new Map<string, FoundTool[]>();
  readonly #reached = new Set<string>();
  /** The ids of the nodes that were made since the last deploy began, in the order of their making. */
  readonly made: string[] = [];
  #red: NodeAPI | undefined;

  /** Starts a flow that stops with the test; its own tab has the id `tab`, other tabs and subflows are in `nodes`. */
  static async start(...nodes: FlowNode[]) {
    cleanUp(() => helper.unload());
    const toys = new Toys();
    await helper.load([...CORE, toys.#register], whole(nodes));
    return toys;
  }

  async deploy(type: Deploy, ...nodes: FlowNode[]) {
    this.#found.clear();
    this.made.length = 0;
    await helper.setFlows(whole(nodes), type);
  }

  /** How many listen to the runtime for the start of flows. */
  static listeners(): number {
    return helper._events.listenerCount("flows:started");
  }

  /** Listens as a node of another set does, which has a RED of its own. */
  onFlowsStarted(listener: () => void) {
    return onFlowsStarted({ ...this.#red! }, listener);
  }

  /** What a session has found; throws when it has not looked. */
  found(session = "session"): FoundTool[] {
    const found = this.#found.get(session);
    if (!found) throw new Error(`${session} has not looked for its tools`);
    return found;
  }

  /** The function names that a session has found; a duplicate has a `!` behind it. */
  names(session?: string): string[] {
    return this.found(session).map(({ tool, duplicate }) => tool.declaration.name + (duplicate ? "!" : ""));
  }

  /** The ids of the tool-calls that get a message which a session sends to its tools, in the order of the alphabet. */
  async reached(session = "session"): Promise<string[]> {
    this.#reached.clear();
    this.#red!.nodes.getNode(session).send([null, null, { payload: "call" }, null]);
    // A message takes a turn of the event loop from node to node, and no flow here is nearly as long.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    return [...this.#reached].sort();
  }

  /** The errors that were logged so far. */
  errors(): string[] {
    return helper.log().args.flatMap(([{ level, msg }]) => (level <= 20 ? [String(msg)] : []));
  }

  readonly #register = (RED: NodeAPI) => {
    this.#red = RED;
    const { made } = this;
    const found = this.#found;
    const reached = this.#reached;
    function Session(this: Node, def: NodeDef) {
      RED.nodes.createNode(this, def);
      made.push(this.id);
      const leave = onFlowsStarted(RED, () => found.set(this.id, findTools(RED, this, 2)));
      this.on("close", leave);
    }
    function ToolCall(this: Node, def: NodeDef & { functionName: string; refused?: boolean }) {
      RED.nodes.createNode(this, def);
      made.push(this.id);
      this.on("input", (_msg, _send, done) => {
        reached.add(this.id);
        done();
      });
      if (!def.refused)
        announceTool(this, {
          declaration: { name: def.functionName },
          check: () => undefined,
          timeoutMs: 30_000,
        });
    }
    function Pass(this: Node, def: NodeDef & { wires: string[][] }) {
      RED.nodes.createNode(this, def);
      const passed = new Set<unknown>();
      this.on("input", (msg, send, done) => {
        // Each message once, so that loops come to an end.
        if (!passed.has(msg._msgid)) send(def.wires.map(() => msg));
        passed.add(msg._msgid);
        done();
      });
    }
    RED.nodes.registerType("gemini-live-session", Session);
    RED.nodes.registerType("gemini-tool-call", ToolCall);
    RED.nodes.registerType("pass", Pass);
  };
}

const whole = (nodes: FlowNode[]) => (nodes.some(({ id }) => id === "tab") ? nodes : [tab("tab"), ...nodes]);
