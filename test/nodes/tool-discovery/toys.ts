// Flows of toy nodes for a test of their wires, in Node-RED's own runtime: sessions that look for their tools whenever flows
// have started, tool-calls that announce one, and what can lie in between.

import assert from "node:assert/strict";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { onFlowsStarted } from "../../../nodes/flow/flow-start";
import { announceTool, type FoundTool, findTools } from "../../../nodes/flow/tool-discovery";
import { type FlowNode, node, tab } from "../../flow-node";
import { type Deploy, deployFlow, runtime, startRuntime } from "../runtime";

const CORE = ["common/05-junction", "common/60-link", "function/10-function", "function/10-switch"];

/** How a setting names a variable of its node's environment. */
export const env = (name: string) => `\${${name}}`;

/** A session; `wires` are those of its tools output. */
export const session = (wires: string[], id = "session") =>
  node(id, "gemini-live-session", {}, [["elsewhere"], [], wires, []]);

/** A tool-call with a name that is no node's id, for a subflow would take it for a reference. */
export const tool = (id: string, properties: object = {}, wires: string[] = []) =>
  node(id, "gemini-tool-call", { functionName: `get_${id}`, ...properties }, [wires, []]);

/** A node that passes on what it gets. */
export const pass = (id: string, ...wires: string[][]) => node(id, "pass", {}, wires.length ? wires : [[]]);
export const junction = (id: string, wires: string[]) => node(id, "junction", {}, [wires]);
export const linkIn = (id: string, wires: string[], links: string[] = []) =>
  node(id, "link in", { links }, [wires]);
export const linkOut = (id: string, links: string[]) => node(id, "link out", { mode: "link", links });
export const linkReturn = (id: string) => node(id, "link out", { mode: "return", links: [] });
export const disabled = (node: FlowNode): FlowNode => ({ ...node, d: true });
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
    const toys = new Toys();
    await startRuntime(CORE, [toys.#register], whole(nodes));
    return toys;
  }

  async deploy(type: Deploy, ...nodes: FlowNode[]) {
    this.#found.clear();
    this.made.length = 0;
    await deployFlow(whole(nodes), type);
  }

  /** How many listen to the runtime for the start of flows. */
  static listeners(): number {
    return runtime._events.listenerCount("flows:started");
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
    return runtime.log().args.flatMap(([{ level, msg }]) => (level <= 20 ? [String(msg)] : []));
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

/** The flow that runs. */
export let toys: Toys;

/** Starts a flow that stops with the test; its own tab has the id `tab`, other tabs and subflows are in `nodes`. */
export const start = async (...nodes: FlowNode[]) => {
  toys = await Toys.start(...nodes);
};

/** Checks which tools a session has found, and that a message of its finds the same way. */
export const leadsTo = async (names: string[], session?: string) => {
  assert.deepEqual(toys.names(session), names);
  const found = toys.found(session).map(({ node }) => node);
  assert.deepEqual(await toys.reached(session), found.sort());
};

const whole = (nodes: FlowNode[]) => (nodes.some(({ id }) => id === "tab") ? nodes : [tab("tab"), ...nodes]);
