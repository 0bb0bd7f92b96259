// The tools of a session: tool-call nodes announce what they declare, and the wires from the session say which of them it has.

import type { Node, NodeAPI } from "node-red";
import type { Tool } from "../live/tools/declaration";

/** What a tool-call node declares. */
export interface AnnouncedTool extends Tool {
  /** Milliseconds after which the model is told that no answer came. */
  timeoutMs: number;
}

export interface FoundTool {
  /** The id of the tool-call node. An id and not the node: a deploy may put another node in its place. */
  node: string;
  tool: AnnouncedTool;
  /** A tool found before has the same function name: that one serves, and this one is never called. */
  duplicate: boolean;
}

/** What the runtime knows of a node's wires, which its types do not tell: ids, or null where a subflow cuts a wire. */
interface WiredNode extends Node {
  wires?: (string | null)[][];
}

/** A search ends at these, also at a tool-call that has announced nothing because its settings were refused. */
const ENDS = ["gemini-tool-call", "gemini-live-session"];

/** By node and not by id: a closed node is found by nobody, so there is nothing to take back. */
const announced = new WeakMap<Node, AnnouncedTool>();

/** Says which tool a tool-call node declares; to be called in its constructor. Ends with the node. */
export function announceTool(node: Node, tool: AnnouncedTool): void {
  announced.set(node, tool);
}

/**
 * The tools that an output of a session is wired to, the nearest first and then in the order of the wires: through junctions,
 * links, subflows and every other node, but not behind a tool-call nor through another session. A link call is not followed,
 * for its target is no wire.
 *
 * What it says holds until the next deploy. Only to be called when flows have started, never in a constructor: the nodes that
 * come later in the file are not there yet.
 * @param output the index of the output, from 0
 */
export function findTools(RED: NodeAPI, session: Node, output: number): FoundTool[] {
  const found: FoundTool[] = [];
  const names = new Set<string | undefined>();
  const seen = new Set<Node>([session]);
  const pending = [...((session as WiredNode).wires?.[output] ?? [])];
  for (const id of pending) {
    // Nodes that are disabled or deleted give null, though wires still lead to them.
    const node = id ? (RED.nodes.getNode(id) as WiredNode | null) : null;
    if (!node || seen.has(node)) continue;
    seen.add(node);
    const tool = announced.get(node);
    if (tool) {
      const { name } = tool.declaration;
      found.push({ node: node.id, tool, duplicate: names.has(name) });
      names.add(name);
    } else if (!ENDS.includes(node.type)) pending.push(...(node.wires ?? []).flat());
  }
  return found;
}

/** By `RED.events`, which is everybody's: the runtime gives each set of nodes a RED of its own. */
const sharing = new WeakMap<NodeAPI["events"], { listeners: Set<() => void>; tell: () => void }>();

/**
 * Calls `listener` whenever flows have started: at the start, and at the end of every deploy, also of one that left the
 * listener's own node alone. All share one listener of the runtime, which warns of a leak when it has more than ten.
 * @returns a function that ends it
 */
export function onFlowsStarted(RED: NodeAPI, listener: () => void): () => void {
  const shared = sharing.get(RED.events) ?? share(RED.events);
  const own = () => {
    try {
      listener();
    } catch (error) {
      // The others are to hear of it all the same, and Node-RED is to live: the runtime catches nothing here.
      RED.log.error(error);
    }
  };
  shared.listeners.add(own);
  return () => {
    if (!shared.listeners.delete(own) || shared.listeners.size) return;
    sharing.delete(RED.events);
    RED.events.off("flows:started", shared.tell);
  };
}

function share(events: NodeAPI["events"]) {
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  events.on("flows:started", tell);
  const shared = { listeners, tell };
  sharing.set(events, shared);
  return shared;
}
