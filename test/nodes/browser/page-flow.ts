// A flow with a browser in and a browser out in the process of the test, behind a server of its own.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { Express } from "express";
import type { NodeAPI } from "node-red";
import { clients } from "../../../nodes/browser-in/clients";
import { cleanUp } from "../../clean-up";
import { type FlowNode, node } from "../../flow-node";
import { Flow } from "../flow";

const express = createRequire(require.resolve("node-red"))("express") as () => Express;

/**
 * Starts a browser in with the id `in` that sends to the node `flow`, a browser out with the id `out`, and `more` nodes.
 * @param to further nodes that browser in sends to
 * @returns also the address of the page, and the login of every request
 */
export async function startPageFlow(properties: object = {}, more: FlowNode[] = [], to: string[] = []) {
  const login: { user?: string } = {};
  const httpNode = express();
  httpNode.use((request, _, next) => {
    Object.assign(request, login);
    next();
  });
  const server = createServer(httpNode);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  // The pages of one test are not those of the next.
  cleanUp(() => clients.clear());
  const nodes = [
    node("in", "gemini-browser-in", properties, [["flow", ...to]]),
    node("flow", "helper"),
    node("out", "gemini-browser-out"),
    ...more,
  ];
  const flow = await Flow.start(nodes, {}, { server: server as NodeAPI["server"], httpNode });
  const page = `http://127.0.0.1:${(server.address() as AddressInfo).port}/talk`;
  return { flow, page, nodes, server, login };
}
