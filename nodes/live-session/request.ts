// Reads the request that a message makes to a live session.

import { defaultFormat, isMonoPcm16, parseMimeType } from "../../audio/formats";
import { type Input, promptFor } from "../../live/input/input";
import { InputError } from "../../live/server/errors";
import type { OwnSettings } from "../../live/setup/setup";
import { copyAsJson, type FlowMessage, sessionKey } from "../flow/messages";
import { PER_CONVERSATION } from "../settings/live-session";
import { isImageType, requireImage } from "./image";
import { MAX_PAYLOAD_BYTES, readHistory, readUserTurn, type Turn } from "./turns";

export type Action = "connect" | "disconnect" | "reset" | "interrupt" | "usage" | "leave";
const ACTIONS = ["connect", "disconnect", "reset", "interrupt", "usage", "leave"];

/** A new instruction for a conversation. */
export interface Update {
  kind: "update";
  instruction: string;
}

/** The settings that a `connect` sets for its conversation, by their names in the settings table; undefined: none. */
export interface Configuration {
  kind: "configuration";
  own: OwnSettings | undefined;
}
const SIGNALS = ["activityStart", "activityEnd", "audioStreamEnd"];

/** @throws InputError or SoundError if the message is not a valid request */
export function readRequest(msg: FlowMessage): Action | Update | Configuration | Input {
  const { action, payload } = msg;
  if (action === "update") return readUpdate(payload);
  if (action === "reply") return { ...readReply(payload), ...whenIdle(msg) };
  if (action === "connect" && isPlainObject(payload)) return { kind: "configuration", own: readOwn(payload) };
  if (action !== undefined) return readAction(action);
  if (Buffer.isBuffer(payload)) return readBytes(payload, msg.mimeType);
  const turn = readTurn(payload);
  if (turn) return { kind: "text", ...turn, turnComplete: msg.turnComplete !== false, ...whenIdle(msg) };
  if (Array.isArray(payload) && payload.length) return { kind: "history", turns: readHistory(payload) };
  throw new InputError(
    `msg.payload is ${describe(payload)}. Send a Buffer with sound or an image, a string, an object with parts, or an array of turns.`,
  );
}

const whenIdle = (msg: FlowMessage) => (msg.whenIdle === true ? { whenIdle: true as const } : {});
/** Not a list, a Buffer or a date. */
const isPlainObject = (value: unknown): value is object =>
  Object.prototype.toString.call(value) === "[object Object]";

function describe(payload: unknown): string {
  if (payload === "") return "an empty string";
  if (payload === null) return "null";
  return Array.isArray(payload) ? "an empty array" : `of type ${typeof payload}`;
}

function readUpdate(payload: unknown): Update {
  if (typeof payload === "string" && payload.trim()) return { kind: "update", instruction: payload };
  throw new InputError('msg.action "update" needs the new instruction as a string in msg.payload.');
}

function readOwn(payload: object): OwnSettings | undefined {
  const own = copyAsJson(payload, "The payload with the settings");
  for (const name of Object.keys(own))
    if (!PER_CONVERSATION.includes(name))
      throw new InputError(
        `msg.payload.${name} is no setting of a conversation. There are ${PER_CONVERSATION.join(", ")}.`,
      );
  return Object.keys(own).length ? own : undefined;
}

function readReply(payload: unknown) {
  if (payload !== undefined && typeof payload !== "string")
    throw new InputError(
      `msg.action "reply" takes an instruction as a string in msg.payload, or no payload; it is ${describe(payload)}.`,
    );
  return promptFor(payload?.trim() || undefined);
}

function readAction(action: unknown): Action | Input {
  if (ACTIONS.includes(action as string)) return action as Action;
  if (SIGNALS.includes(action as string))
    return { kind: "signal", signal: action as "activityStart" | "activityEnd" | "audioStreamEnd" };
  const known = [...ACTIONS, "reply", "update", ...SIGNALS].join(", ");
  throw new InputError(`msg.action ${JSON.stringify(action)} is unknown. Use one of ${known}.`);
}

function readBytes(payload: Buffer, mimeType: unknown): Input {
  if (payload.length === 0) throw new InputError("msg.payload is an empty Buffer.");
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw new InputError(
      `msg.payload has ${payload.length} bytes. The limit is ${MAX_PAYLOAD_BYTES} bytes: split it into several messages.`,
    );
  if (isImageType(mimeType)) {
    requireImage(payload, mimeType, "msg.payload");
    return { kind: "image", data: payload, mimeType };
  }
  if (mimeType !== undefined && !String(mimeType).startsWith("audio/"))
    throw new InputError(
      `msg.mimeType ${JSON.stringify(mimeType)} is not supported. Use audio/pcm;rate=16000, image/jpeg or image/png.`,
    );
  const format = mimeType === undefined ? defaultFormat : parseMimeType(String(mimeType));
  if (!isMonoPcm16(format))
    throw new InputError(
      `A live session takes mono 16-bit PCM, not ${mimeType}. Convert it with an audio in node first.`,
    );
  if (payload.length % 2)
    throw new InputError(
      `msg.payload has ${payload.length} bytes, but PCM16 has two bytes per sample. Convert the sound with an audio in node first.`,
    );
  return { kind: "sound", pcm: payload, sampleRate: format.sampleRate };
}

/** A text, or a text with images. */
function readTurn(payload: unknown): Turn | undefined {
  if (typeof payload === "string" && payload.trim()) return { text: payload };
  const isObject = typeof payload === "object" && payload !== null;
  return isObject && "parts" in payload ? readUserTurn(payload.parts) : undefined;
}

/** The status that a Status node passes on; WebSocket and TCP nodes name the client in it. */
interface StatusOfNode {
  event?: unknown;
  text?: unknown;
  _session?: { id?: unknown };
}

/** Whether a message comes from a Status node and is not a request. */
export const isStatus = ({ status, action, payload }: FlowMessage) =>
  typeof status === "object" && status !== null && action === undefined && payload === undefined;

/**
 * Whether a message only ends sound, speech or an answer: it is for the instance that has the conversation, and brings it to no other. So is
 * the end of a page that is away: it may have gone to another instance.
 */
export const isOnlyEnd = ({ action, _session }: FlowMessage) =>
  ["audioStreamEnd", "activityEnd", "interrupt"].includes(action as string) ||
  (action === "disconnect" && _session?.type === "gemini-browser");

/** The session key of the conversation that a message may begin or change; undefined: none. */
export function keyOf(msg: FlowMessage): string | undefined {
  if (isStatus(msg)) return disconnectedClient(msg);
  const isForAll = msg.action === "usage" || msg.action === "leave";
  return isForAll || msg.event === "played" ? undefined : sessionKey(msg);
}

/**
 * The session key of a WebSocket or TCP client whose disconnection a status reports; else undefined.
 *
 * "websocket in", "websocket out" and a listening "tcp in" set the event `disconnect`; a connecting "tcp in" sets no event
 * but this text (Node-RED 4.1 and 5, core/network/22-websocket.js and 31-tcpin.js).
 */
export function disconnectedClient({ status }: FlowMessage): string | undefined {
  const { event, text, _session } = status as StatusOfNode;
  const isGone = event === "disconnect" || text === "common.status.disconnected";
  return isGone && _session?.id !== undefined ? String(_session.id) : undefined;
}
