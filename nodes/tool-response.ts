// gemini-tool-response: gives what a branch of the flow has found out back to the call that asked for it.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { InputError } from "../live/server/errors";
import type { LiveSessionNode } from "./live-session";
import type { FlowMessage } from "./messages";
import { choiceSetting, numberSetting, refuseEverything } from "./settings";

interface ToolResponseDef extends NodeDef {
  scheduling: string;
  maxKilobytes: unknown;
}

const SCHEDULING = ["", "INTERRUPT", "WHEN_IDLE", "SILENT"] as const;

export default function (RED: NodeAPI) {
  function ToolResponse(this: Node, def: ToolResponseDef) {
    RED.nodes.createNode(this, def);
    try {
      runToolResponse(RED, this, def);
    } catch (error) {
      refuseEverything(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-tool-response", ToolResponse);
}

function runToolResponse(RED: NodeAPI, node: Node, def: ToolResponseDef) {
  const whenNotSaid = choiceSetting("scheduling", def.scheduling, SCHEDULING);
  const mostBytes = 1024 * numberSetting("largest answer", def.maxKilobytes, 1, 1_024, 32);
  node.on("input", (msg: FlowMessage, _send, done) => {
    try {
      const { id, node: sessionId, session } = readToolCall(msg);
      const caller = RED.nodes.getNode(sessionId) as LiveSessionNode | null;
      if (caller?.type !== "gemini-live-session" || !caller.answerCall)
        throw new InputError(`The live session that made the call ${id} is not there any more.`);
      const scheduling =
        choiceSetting("msg.scheduling", msg.scheduling ?? whenNotSaid, SCHEDULING) || undefined;
      const response = wrap(msg, mostBytes);
      caller.answerCall(session, id, { response, scheduling, willContinue: msg.willContinue === true }, done);
    } catch (error) {
      done(error as Error);
    }
  });
}

function readToolCall({ toolCall }: FlowMessage) {
  const { id, node, session } = toolCall ?? {};
  if (typeof id === "string" && typeof node === "string" && typeof session === "string")
    return { id, node, session };
  throw new InputError(
    "The message has lost msg.toolCall, by which an answer finds its call: keep it on its way.",
  );
}

/** The answer as the API wants it: an object with `output` or `error` (docs/live-api.md 1.2), of at most so many bytes of JSON. */
function wrap({ payload, error }: FlowMessage, mostBytes: number): Record<string, unknown> {
  if (error !== undefined)
    return { error: cut((error as { message?: string })?.message ?? error, mostBytes) };
  if (payload === undefined || payload === null || payload === "")
    return { output: "Done. There is nothing to tell." };
  if (Buffer.isBuffer(payload)) return { output: `Done. The result is ${payload.length} bytes of data.` };
  return { output: cut(payload, mostBytes) };
}

/** A value that is too large becomes the beginning of its text, and says so. */
function cut(value: unknown, mostBytes: number): unknown {
  const json = JSON.stringify(value);
  if (json === undefined)
    throw new InputError(`msg.payload is a ${typeof value}, which cannot be an answer.`);
  const bytes = Buffer.byteLength(json);
  if (bytes <= mostBytes) return value;
  const text = Buffer.from(typeof value === "string" ? value : json)
    .subarray(0, mostBytes)
    .toString();
  return `${text.replace(/\uFFFD+$/, "")} … [cut: ${bytes} bytes, of which ${mostBytes} are here]`;
}
