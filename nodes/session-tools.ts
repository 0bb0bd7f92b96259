// The tools of one live session: found by its wires, kept as declarations, and looked for again after every deploy.

import type { Node, NodeAPI } from "node-red";
import type { ServedTool } from "../live/tools/tool-dispatch";
import { findTools } from "./toolbox";

export class SessionTools {
  readonly #red: NodeAPI;
  readonly #session: Node;
  readonly #output: number;
  #served: ServedTool[] = [];

  constructor(red: NodeAPI, session: Node, output: number) {
    this.#red = red;
    this.#session = session;
    this.#output = output;
  }

  /** What the model can do. */
  get served(): readonly ServedTool[] {
    return this.#served;
  }

  /** Follows the wires again; nodes can only be looked up when all flows have started. */
  refresh() {
    const found = findTools(this.#red, this.#session, this.#output);
    for (const { node, tool, duplicate } of found)
      if (duplicate) this.#warnOfDuplicate(tool.declaration.name ?? "", node, found);
    this.#served = found
      .filter(({ duplicate }) => !duplicate)
      .map(({ node, tool }) => ({ ...tool, server: node }));
  }

  #warnOfDuplicate(name: string, node: string, found: ReturnType<typeof findTools>) {
    const first = found.find(({ tool }) => tool.declaration.name === name)!;
    const warning = `Two tool calls of one session are named ${name}: the first one serves.`;
    for (const id of [first.node, node]) this.#red.nodes.getNode(id)?.warn(warning);
  }
}
