// Node-RED's own runtime in the process of a test.

import { createRequire } from "node:module";
import type { NodeAPI } from "node-red";
import { cleanUp } from "../clean-up";
import type { FlowNode } from "../flow-node";
import "../environment";

interface RunningNode {
  receive(msg: object): void;
  on(event: "input", listener: (msg: never) => void): void;
  on(event: `call:${"status" | "warn"}`, listener: (call: { args: unknown[] }) => void): void;
  status: { getCalls(): { thisValue: unknown; args: unknown[] }[]; resetHistory(): void };
  warn: RunningNode["status"];
  send: RunningNode["status"];
  error: RunningNode["status"];
}

/** As the menu of the Deploy button says it: modified nodes, modified flows, everything. */
export type Deploy = "nodes" | "flows" | "full";

/** What we use of node-red-node-test-helper, which has no types. */
interface Helper {
  init(runtime: string): void;
  load(inits: ((RED: NodeAPI) => void)[], flow: FlowNode[], credentials: object): Promise<void>;
  unload(): Promise<void>;
  getNode(id: string): RunningNode;
  /** The runtime's own. */
  _redNodes: { setFlows(flow: FlowNode[], credentials: object, type: Deploy): Promise<unknown> };
  /** The runtime's own, which it gives to the nodes as `RED.events`. */
  _events: NodeAPI["events"];
  log(): { args: [{ level: number; msg: unknown }][] };
}

export const runtime = require("node-red-node-test-helper") as Helper;
runtime.init(require.resolve("node-red"));

/**
 * Starts a flow that stops with the test at the latest.
 * @param core files of Node-RED's own nodes, such as `network/05-tls`
 * @param inits what registers other nodes
 */
export async function startRuntime(
  core: string[],
  inits: ((RED: NodeAPI) => void)[],
  flow: FlowNode[],
  credentials: object = {},
) {
  cleanUp(() => runtime.unload());
  const ofNodeRed = createRequire(require.resolve("node-red"));
  const coreInits = core.map((file) => ofNodeRed(`@node-red/nodes/core/${file}.js`) as (typeof inits)[0]);
  await runtime.load([...coreInits, ...inits], flow, credentials);
}

/** Deploys a flow, and waits until it has started. The helper's own setFlows() waits 300 ms for that, too short on a busy machine. */
export async function deployFlow(flow: FlowNode[], type: Deploy) {
  const started = new Promise<void>((resolve) => runtime._events.once("flows:started", () => resolve()));
  await runtime._redNodes.setFlows(flow, {}, type);
  await started;
}
