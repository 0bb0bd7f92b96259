// A live token for a live session with the simulator: who asks, what is issued and refused, and what the audit log records.

import type { TokenPayload } from "../../../nodes/flow/messages";
import { type Simulator, startSimulator } from "../../../simulator/server";
import { opened } from "../../clean-up";
import { type FlowNode, node } from "../../flow-node";
import { connectionTo, Flow, KEY, type Msg, session } from "../flow";

export const DECLARED = { name: "get_weather", description: "Tells the weather." };
/** What a session of these tests sets, and a tool that is wired to it. */
export const SETTINGS = { instruction: "Be brief.", voice: "Kore", temperature: 0.5 };
const tool = node("tool", "gemini-tool-call", {
  functionName: DECLARED.name,
  description: DECLARED.description,
  parameters: '{"type":"object","properties":{"city":{"type":"string"}}}',
});

/** A live token with the id `token` for the session, told by `msg.user` who asks; `issued` and `refused` are behind it. */
export const token = (properties: object = {}): FlowNode[] => [
  node("token", "gemini-live-token", { session: "session", caller: "user", ...properties }, [
    ["issued"],
    ["refused"],
  ]),
  node("issued", "helper"),
  node("refused", "helper"),
];

/** The flow that runs. */
export let flow: Flow;

export const start = async (nodes: FlowNode[], credentials?: object) => {
  flow = await Flow.start(nodes, credentials);
};
export const simulate = (key = KEY): Promise<Simulator> => opened(startSimulator({ key }));
/** Returns a simulator, and starts a flow with it. */
export const startWith = async (properties: object = {}, settings: object = SETTINGS) => {
  const simulator = await simulate();
  const [live, ...behind] = session(settings);
  live!.wires = [["audio"], ["text"], ["tool"], ["events"]];
  await start([connectionTo(simulator), live!, ...behind, tool, ...token(properties)]);
  return simulator;
};
export const ask = (msg: Msg = {}) => flow.send("token", { user: "somebody", ...msg });
export const nextPayload = async () => (await flow.at("issued").next()).payload as TokenPayload;
export const issue = (msg: Msg = {}) => {
  ask(msg);
  return nextPayload();
};
export const refusal = () => flow.at("refused").next();
/** The audit events so far. */
export const audits = () =>
  flow
    .everything()
    .split("\n")
    .filter((line) => line.includes('"event":"gemini-live-token.'))
    .map((line) => JSON.parse(line) as { [property: string]: unknown });
