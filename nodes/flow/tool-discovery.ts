// Finds the tools of a session: tool call nodes announce their declarations, and the wires from the session select them.

import type { Node, NodeAPI } from "node-red";
import type { Tool } from "../../live/tools/declaration";

/** The declaration of a tool call node. */
export interface AnnouncedTool extends Tool {
  /** Milliseconds after which the model gets an error in place of a tool response. */
  timeoutMs: number;
}

export interface FoundTool {
  /** The id of the tool call node. Not the node itself, because a deploy may replace it. */
  node: string;
  tool: AnnouncedTool;
  /** A tool found before has the same function name and serves it. This one gets no calls. */
  duplicate: boolean;
}

/** A node with its wires, which the runtime's types lack: ids, or null where a subflow cuts a wire. */
interface WiredNode extends Node {
  wires?: (string | null)[][];
}

/** The search ends at these, also at a tool call that announced nothing because its settings are invalid. */
const ENDS = ["gemini-tool-call", "gemini-live-session"];

/** By node rather than by id, so that closed nodes need no removal. */
const announced = new WeakMap<Node, AnnouncedTool>();

/** Announces the tool that a tool call node declares. Call it in the node's constructor. */
export function announceTool(node: Node, tool: AnnouncedTool): void {
  announced.set(node, tool);
}

/**
 * Returns the tools that an output of a session is wired to, the nearest first and then in the order of the wires. Follows
 * junctions, links, subflows and all other nodes, but does not go beyond a tool call or through another session. Does not
 * follow link call nodes, because they have no wire to their target.
 *
 * The result is valid until the next deploy. Call it only when flows have started, because a constructor does not find the
 * nodes that come later in the flow file.
 * @param output the index of the output, from 0
 */
export function findTools(RED: NodeAPI, session: Node, output: number): FoundTool[] {
  const found: FoundTool[] = [];
  const names = new Set<string | undefined>();
  const seen = new Set<Node>([session]);
  const pending = [...((session as WiredNode).wires?.[output] ?? [])];
  for (const id of pending) {
    // Wires may lead to disabled or deleted nodes, for which getNode() returns null.
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
