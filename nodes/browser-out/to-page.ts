// Converts the messages of a flow to those of a page.

import { isMonoPcm16, parseMimeType } from "../../audio/formats";
import type { ConversationState, NodeMessage, Server } from "../../browser/protocol";
import { InputError } from "../../live/server/errors";
import type { PageSound } from "../browser-in/clients";
import type { FlowMessage } from "../flow/messages";

/** What the text output of a live session adds to a message. */
interface TextMarks {
  role?: unknown;
  final?: unknown;
  interim?: unknown;
  thought?: unknown;
  language?: unknown;
}

/** @throws InputError when it is not a message of a live session, audio out or a Catch node */
export function toPage(msg: FlowMessage & TextMarks): NodeMessage | PageSound {
  const { payload, toolCall, event, error } = msg;
  if (error !== undefined) return { type: "error", ...readError(error) };
  if (toolCall?.id && toolCall.name) {
    const { id, name } = toolCall;
    return { type: "tool", id, name, ...(event === "cancelled" && { cancelled: true }) };
  }
  if (Buffer.isBuffer(payload)) return { type: "pcm", pcm: payload, rate: rateOf(msg), ...turnOf(msg) };
  if (typeof payload === "string" && (msg.role === "user" || msg.role === "model"))
    return {
      type: "text",
      role: msg.role,
      text: payload,
      final: msg.final !== false,
      ...(msg.interim === true && { interim: true }),
      ...(msg.thought === true && { thought: true }),
      ...turnOf(msg),
      ...(typeof msg.language === "string" && { language: msg.language }),
    };
  if (typeof event === "string") return eventToPage(event, msg);
  throw new InputError(
    "Browser out cannot show this message. Wire the outputs of a live session, of audio out or of a Catch node to it.",
  );
}

function eventToPage(event: string, msg: FlowMessage): NodeMessage {
  const payload = detailsOf(msg);
  switch (event) {
    case "flush":
      return { type: "flush" };
    case "interrupted":
      // On the events output it comes before sound that audio out has sent on, and audio out flushes behind that.
      return msg.payload === undefined ? { type: "flush" } : { type: "event", event, payload };
    case "generationComplete":
      return { type: event, ...turnOf(msg) };
    case "turnComplete":
      // On the events output it comes before the sound that audio out still holds back.
      if (msg.payload !== undefined && payload.playback !== true) return { type: "event", event, payload };
      return { type: event, ...turnOf(msg), ...(payload.interrupted === true && { interrupted: true }) };
    case "state": {
      const { state, server, model } = payload;
      return {
        type: "state",
        state: state as ConversationState,
        ...(typeof server === "string" && { server: server as Server }),
        ...(typeof model === "string" && { model }),
      };
    }
    default:
      return { type: "event", event, payload };
  }
}

const turnOf = ({ turn }: FlowMessage) => (typeof turn === "number" ? { turn } : {});

const detailsOf = ({ payload }: FlowMessage): Record<string, unknown> =>
  typeof payload === "object" && payload !== null ? { ...payload } : {};

function rateOf({ mimeType = "audio/pcm;rate=24000" }: FlowMessage): number {
  const format = parseMimeType(String(mimeType));
  if (isMonoPcm16(format)) return format.sampleRate;
  throw new InputError(`mimeType "${mimeType}" is not supported. A page plays mono 16-bit PCM.`);
}

/** The message without the code that it begins with, which is for pages of users' own. */
function readError(error: unknown): { message: string; code?: string } {
  const { message = error, code } = Object(error ?? {}) as { message?: unknown; code?: unknown };
  const text = String(message);
  if (typeof code !== "string") return { message: text };
  return { message: text.startsWith(`${code}: `) ? text.slice(code.length + 2) : text, code };
}
