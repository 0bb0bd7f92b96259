// The properties of a flow's messages that this package reads and writes, and how a message names its conversation.

import type { NodeMessage } from "node-red";
import { InputError } from "../../live/server/errors";

/** The properties that this package reads or writes; all others pass through. */
export interface FlowMessage extends NodeMessage {
  session?: unknown;
  _session?: { type: string; id: string; user?: string };
  mimeType?: unknown;
  action?: unknown;
  event?: unknown;
  turnComplete?: unknown;
  whenIdle?: unknown;
  turn?: unknown;
  /** Counts the frames of a turn. */
  seq?: unknown;
  toolCall?: Partial<ToolCallReference>;
  scheduling?: unknown;
  willContinue?: unknown;
  error?: unknown;
  /** On messages of a Status node. */
  status?: unknown;
}

/** Identifies a tool call on its message and on all messages that follow from it. Strings only: they survive every clone. */
export interface ToolCallReference {
  id: string;
  /** The function. */
  name: string;
  /** The live session that made the call, and the key of its conversation. */
  node: string;
  session: string;
  /** The tool call node that serves it. */
  tool: string;
}

/** What a client needs to connect. */
export interface TokenPayload {
  /** `auth_tokens/…`: the secret */
  token: string;
  /** ISO 8601: the end of the token */
  expiresAt: string;
  /** ISO 8601: conversations must begin before */
  startBefore: string;
  /** of the WebSocket, without the token */
  url: string;
  /** without `models/` */
  model: string;
  apiVersion: string;
}

/**
 * A copy of an object as JSON has it: nobody else holds it, and it can be sent and stored.
 * @param what it is, for the error
 * @throws InputError if JSON cannot hold it
 */
export function copyAsJson(value: object, what: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(JSON.stringify(value)) };
  } catch (error) {
    throw new InputError(`${what} is no JSON object: ${(error as Error).message}.`);
  }
}

/** Identifies the conversation of a message; on every message that a conversation sends. */
export interface Identity {
  session: string;
  _session?: { type: string; id: string; user?: string };
}

/** The session key of a message: `msg.session`, else the client in `msg._session`, else `default`. */
export function sessionKey({ session, _session }: Pick<FlowMessage, "session" | "_session">): string {
  if (session === undefined || session === null || session === "") return String(_session?.id ?? "default");
  if (typeof session === "string" || typeof session === "number") return String(session);
  throw new InputError("msg.session must be a string or a number: it names the conversation.");
}

/**
 * The identity that a message passes on, as an object of its own: a flow may change the `_session` of a message to send it to another
 * client. It does not include the topic: an mqtt out node without one would publish to it.
 */
export function identityOf({ session, _session }: Pick<FlowMessage, "session" | "_session">): Identity {
  const key = sessionKey({ session, _session });
  return _session ? { session: key, _session: { ..._session } } : { session: key };
}
