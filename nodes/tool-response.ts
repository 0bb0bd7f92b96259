// gemini-tool-response: returns the result of a tool call to the node that made it.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { InputError } from "../live/server/errors";
import type { FlowMessage } from "./flow/messages";
import type { CallerNode } from "./flow/node-types";
import { rejectMessages } from "./settings/invalid-settings";
import { readSettings } from "./settings/table";
import { toolResponse } from "./settings/tool-response";

export = (RED: NodeAPI) => {
  function ToolResponse(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runToolResponse(RED, this, def);
    } catch (error) {
      rejectMessages(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-tool-response", ToolResponse);
};

function runToolResponse(RED: NodeAPI, node: Node, def: NodeDef) {
  const settings = readSettings(toolResponse, def);
  const maxBytes = 1024 * settings.maxKilobytes;
  node.on("input", (msg: FlowMessage, _send, done) => {
    try {
      const { id, node: sessionId, session } = readToolCall(msg);
      const caller = RED.nodes.getNode(sessionId) as CallerNode | null;
      if (!caller?.respondToCall)
        throw new InputError(
          `The live session that made the call ${id} no longer exists. The response was not sent.`,
          "GEMINI_CALL_ENDED",
        );
      const scheduling = readScheduling(msg.scheduling ?? settings.scheduling);
      const response = wrap(msg, maxBytes);
      caller.respondToCall(
        session,
        id,
        { response, scheduling, willContinue: msg.willContinue === true },
        done,
      );
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
    "msg.toolCall is missing or incomplete. Keep it on the message from the tool call to the tool response.",
  );
}

function readScheduling(value: unknown) {
  const { choices } = toolResponse.settings.scheduling;
  const scheduling = choices.find((choice) => choice === value);
  if (scheduling !== undefined) return scheduling || undefined;
  throw new InputError(
    `msg.scheduling must be one of ${choices.filter(Boolean).join(", ")}; it is ${JSON.stringify(value)}.`,
  );
}

/** Returns the response in the form of the API: an object with `output` or `error` (docs/live-api.md 1.2), of at most `maxBytes` of JSON. */
function wrap({ payload, error }: FlowMessage, maxBytes: number): Record<string, unknown> {
  if (error !== undefined) return { error: cut((error as { message?: string })?.message ?? error, maxBytes) };
  if (payload === undefined || payload === null || payload === "")
    return { output: "Done. There is no result." };
  if (Buffer.isBuffer(payload)) return { output: `Done. The result is ${payload.length} bytes of data.` };
  return { output: cut(payload, maxBytes) };
}

/** Shortens a value that is too large to the start of its text, with a note. */
function cut(value: unknown, maxBytes: number): unknown {
  const json = toJson(value);
  if (json === undefined)
    throw new InputError(
      `msg.payload, of type ${typeof value}, cannot be written as JSON. Send a value without functions, BigInts and references to itself.`,
    );
  const bytes = Buffer.byteLength(json);
  if (bytes <= maxBytes) return value;
  const text = Buffer.from(typeof value === "string" ? value : json)
    .subarray(0, maxBytes)
    .toString();
  return `${text.replace(/\uFFFD+$/, "")} … [cut to ${maxBytes} of ${bytes} bytes]`;
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
