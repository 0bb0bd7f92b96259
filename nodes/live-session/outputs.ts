// Converts the events of a conversation to the messages of the four outputs of a live session.

import type { NodeMessage } from "node-red";
import type { ConversationEvent } from "../../live/events";
import type { ErrorCode } from "../../live/server/error-codes";
import type { Call } from "../../live/state/state";
import { causeOfEnd } from "../../live/turns/end-reasons";
import type { ToolCallReference } from "../flow/messages";
import type { LiveConfigSettings } from "../settings/live-config";
import type { ModelUsage } from "./usage-totals";

export const OUTPUTS = { audio: 0, text: 1, tools: 2, events: 3 };

export type Output = [output: keyof typeof OUTPUTS, msg: NodeMessage & Record<string, unknown>];

/** The source of an event, for its messages. */
export interface Source {
  /** The id of the live session node. */
  node: string;
  session: string;
  server: LiveConfigSettings["server"];
  model: string;
}

/** @returns the messages for an event; they share no objects with the conversation */
export function toOutputs(event: ConversationEvent, source: Source): Output[] {
  switch (event.type) {
    case "audio":
      return [["audio", { payload: event.pcm, mimeType: event.mimeType, turn: event.turn }]];
    case "text": {
      const { role, text, final, turn, language, interim, thought, heard, details } = event;
      const marks = {
        ...(language && { language }),
        ...(interim && { interim }),
        ...(heard !== undefined && { heard }),
        ...(thought && { thought }),
        ...structuredClone(details),
      };
      return [["text", { payload: text, role, final, turn, ...marks }]];
    }
    case "interrupted":
      return [["audio", { event: "interrupted", turn: event.turn }], report("interrupted", {}, event.turn)];
    case "turnComplete": {
      const { type, turn, reason, ...details } = event;
      const cause = causeOfEnd(reason);
      return [["audio", { event: type, turn }], report(type, { reason, cause, ...details }, turn)];
    }
    case "generationComplete":
      return [["audio", { event: "generationComplete", turn: event.turn }]];
    case "toolCall":
      return [["tools", messageOf(event.call, source)]];
    case "toolCancelled": {
      const payload = { reason: event.reason };
      return [["tools", { event: "cancelled", payload, toolCall: refer(event.call, source) }]];
    }
    case "usage":
      return [report("usage", event.usage, event.turn)];
    case "grounding":
      return [report("grounding", event.grounding, event.turn)];
    case "code":
      return [report("code", event.code, event.turn)];
    case "codeResult":
      return [report("codeResult", event.result, event.turn)];
    case "state": {
      const { type, attempt, ...details } = event;
      return [report(type, { ...details, ...attempt, server: source.server, model: source.model })];
    }
    case "resumed": {
      const { type, calls, ...details } = event;
      const { session } = source;
      const open = calls?.map((call) => ({ ...messageOf(call, source), session }));
      return [report(type, { ...details, calls: open })];
    }
    case "speech":
    case "thinking":
    case "gap":
    case "stall":
    case "goAway":
    case "refused":
    case "voiceConsentSignature":
    case "other": {
      const { type, ...details } = event;
      return [report(type, details)];
    }
    case "warning":
    case "failed":
      return [];
  }
}

/** The event that answers the action `usage`. */
export const usageTotals = (days: readonly ModelUsage[]) => report("usageTotals", { days })[1];

/** The event that a conversation has left. @param conversations those of the connection that are still open */
export const left = (conversations: number) => report("left", { conversations })[1];

/** The event that a message was refused. */
export const refused = (code: ErrorCode, why: string) =>
  report("refused", { what: "conversation", why, code })[1];

/** A message of the events output: its payload is a copy of the details without those that are undefined. */
function report(event: string, details: object, turn?: number): Output {
  // The server may send a field of any name.
  const known = Object.entries(details).filter(([name, value]) => name !== "event" && value !== undefined);
  const payload = { event, ...structuredClone(Object.fromEntries(known)) };
  return ["events", { event, ...(turn !== undefined && { turn }), payload }];
}

const messageOf = (call: Call, source: Source) => ({
  payload: structuredClone(call.args),
  toolCall: refer(call, source),
});

function refer({ id, name, server }: Call, { node, session }: Source): ToolCallReference {
  return { id, name, node, session, tool: server };
}
