// The tools of one live session: found by its wires at the start and after every deploy.

import type { Node, NodeAPI } from "node-red";
import type { ServedTool } from "../../live/tools/tool-dispatch";
import { findTools } from "../tool-discovery";

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

  /** The tools that the model may call, with who serves them now. */
  get served(): readonly ServedTool[] {
    return this.#served;
  }

  /** Follows the wires again. Call it only when all flows have started: before, nodes cannot be looked up. */
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
    const warning = `Two tool call nodes of one live session declare ${name}. The first one serves the calls.`;
    for (const id of [first.node, node]) this.#red.nodes.getNode(id)?.warn(warning);
  }
}
