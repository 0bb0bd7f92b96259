// The words on the wires: how a flow's message names its conversation and what it asks of it (design, section 4).

import type { NodeMessage } from "node-red";
import { parseMimeType } from "../audio/formats";
import type { Input } from "../live/input/input";
import { InputError } from "../live/server/errors";

/** The properties of a message that this package reads or writes; all others pass through. */
export interface FlowMessage extends NodeMessage {
  session?: unknown;
  _session?: { type: string; id: string };
  mimeType?: unknown;
  action?: unknown;
  event?: unknown;
  turnComplete?: unknown;
  whenIdle?: unknown;
  turn?: unknown;
  toolCall?: Partial<ToolCallWords>;
  scheduling?: unknown;
  willContinue?: unknown;
  error?: unknown;
}

/** What is on a call of a tool and on everything that follows from it: strings only, so that it survives any way through a flow. */
export interface ToolCallWords {
  id: string;
  /** The function. */
  name: string;
  /** The live session that made the call, and the key of its conversation. */
  node: string;
  session: string;
  /** The tool call node that serves it. */
  tool: string;
}

/** What says to whom a message belongs; it is on everything that a conversation sends. */
export interface Identity {
  session: string;
  topic?: string;
  _session?: { type: string; id: string };
}

/** The session key of a message: `msg.session`, else the client in `msg._session`, else `default`. */
export function sessionKey({ session, _session }: FlowMessage): string {
  if (session === undefined || session === null || session === "") return String(_session?.id ?? "default");
  if (typeof session === "string" || typeof session === "number") return String(session);
  throw new InputError("msg.session must be a string or a number: it names the conversation.");
}

/** The identity that a message gives to what follows from it. */
export function identityOf(msg: FlowMessage): Identity {
  const { topic, _session } = msg;
  return { session: sessionKey(msg), ...(topic !== undefined && { topic }), ...(_session && { _session }) };
}

export type Action = "connect" | "disconnect" | "reset" | "interrupt";
const ACTIONS = ["connect", "disconnect", "reset", "interrupt"];

/** Another instruction for a conversation. */
export interface Update {
  kind: "update";
  instruction: string;
}
const SIGNALS = ["activityStart", "activityEnd", "audioStreamEnd"];

/** Bytes of sound or picture that one message may bring into a session. */
const LARGEST_PAYLOAD = 4 * 1024 * 1024;

/** Reads what a message asks of a session; throws an InputError or SoundError when it asks nothing that there is. */
export function readRequest(msg: FlowMessage): Action | Update | Input {
  const { action, payload } = msg;
  if (action === "update") return readUpdate(payload);
  if (action !== undefined) return readAction(action);
  if (Buffer.isBuffer(payload)) return readBytes(payload, msg.mimeType);
  if (typeof payload === "string" && payload.trim())
    return {
      kind: "text",
      text: payload,
      turnComplete: msg.turnComplete !== false,
      ...(msg.whenIdle === true && { whenIdle: true }),
    };
  if (Array.isArray(payload) && payload.length) return { kind: "history", turns: payload.map(readTurn) };
  const found =
    payload === ""
      ? "an empty string"
      : Array.isArray(payload)
        ? "an empty array"
        : payload === null
          ? "null"
          : `of type ${typeof payload}`;
  throw new InputError(
    `msg.payload is ${found}: send a Buffer of sound or a picture, a string, or an array of {role, text}.`,
  );
}

function readUpdate(payload: unknown): Update {
  if (typeof payload === "string" && payload.trim()) return { kind: "update", instruction: payload };
  throw new InputError('msg.action "update" takes the new instruction as a string in msg.payload.');
}

function readAction(action: unknown): Action | Input {
  if (ACTIONS.includes(action as string)) return action as Action;
  if (SIGNALS.includes(action as string))
    return { kind: "signal", signal: action as "activityStart" | "activityEnd" | "audioStreamEnd" };
  const known = [...ACTIONS, "update", ...SIGNALS].join(", ");
  throw new InputError(`msg.action ${JSON.stringify(action)} is unknown: it can be ${known}.`);
}

function readBytes(payload: Buffer, mimeType: unknown): Input {
  if (payload.length === 0) throw new InputError("msg.payload is an empty Buffer: there is nothing to send.");
  if (payload.length > LARGEST_PAYLOAD)
    throw new InputError(
      `msg.payload has ${payload.length} bytes, more than the ${LARGEST_PAYLOAD} that one message may have: send it in pieces.`,
    );
  if (mimeType === "image/jpeg" || mimeType === "image/png")
    return { kind: "image", data: payload, mimeType };
  if (mimeType !== undefined && !String(mimeType).startsWith("audio/"))
    throw new InputError(
      `msg.mimeType ${JSON.stringify(mimeType)} cannot be sent: it can be audio/pcm;rate=16000, image/jpeg or image/png.`,
    );
  const format =
    mimeType === undefined ? { sampleRate: 16_000, channels: 1 } : parseMimeType(String(mimeType));
  if (format === "wav" || format.channels !== 1)
    throw new InputError(`A session takes mono PCM, not ${mimeType}: put an audio in node before it.`);
  if (payload.length % 2)
    throw new InputError(
      `msg.payload has ${payload.length} bytes, and PCM16 has two a sample: put an audio in node before the session.`,
    );
  return { kind: "sound", pcm: payload, sampleRate: format.sampleRate };
}

function readTurn(turn: unknown) {
  const { role, text } = (turn ?? {}) as { role?: unknown; text?: unknown };
  if ((role === "user" || role === "model") && typeof text === "string" && text)
    return { role, text } as const;
  throw new InputError('History is an array of {role: "user" or "model", text: a string}; one entry is not.');
}
