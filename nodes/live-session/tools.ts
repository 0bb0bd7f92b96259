// The tools of one live session: found by its wires at the start and after every deploy.

import type { Node, NodeAPI } from "node-red";
import type { ServedTool } from "../../live/tools/tool-dispatch";
import { findTools } from "../flow/tool-discovery";

/** Total bytes of declarations above which a model may repeat itself (docs/live-api.md 1.2). */
const LARGE_BYTES = 3 * 1024;

export class SessionTools {
  readonly #red: NodeAPI;
  readonly #session: Node;
  readonly #output: number;
  #served: ServedTool[] = [];
  #warnedBytes = 0;

  constructor(red: NodeAPI, session: Node, output: number) {
    this.#red = red;
    this.#session = session;
    this.#output = output;
  }

  /** The tools that the model may call, and the nodes that serve them. */
  get served(): readonly ServedTool[] {
    return this.#served;
  }

  /** Follows the wires again. Call it only when all flows have started: nodes cannot be looked up before. */
  refresh() {
    const found = findTools(this.#red, this.#session, this.#output);
    for (const { node, tool, duplicate } of found)
      if (duplicate) this.#warnOfDuplicate(tool.declaration.name ?? "", node, found);
    this.#served = found
      .filter(({ duplicate }) => !duplicate)
      .map(({ node, tool }) => ({ ...tool, server: node }));
    this.#warnOfSize();
  }

  #warnOfSize() {
    const schemas = this.#served.map(({ declaration: { parameters: _, ...sent } }) => sent);
    const bytes = Buffer.byteLength(JSON.stringify(schemas));
    if (bytes > LARGE_BYTES && bytes !== this.#warnedBytes)
      this.#session.warn(
        `The declarations of the tools have ${bytes} bytes. Above ${LARGE_BYTES} bytes models may repeat themselves: shorten descriptions and parameters, or wire fewer tools.`,
      );
    this.#warnedBytes = bytes;
  }

  #warnOfDuplicate(name: string, node: string, found: ReturnType<typeof findTools>) {
    const first = found.find(({ tool }) => tool.declaration.name === name)!;
    const warning = `Two tool call nodes of one live session declare ${name}. The first one serves the calls.`;
    for (const id of [first.node, node]) this.#red.nodes.getNode(id)?.warn(warning);
  }
}
