// What the nodes of this package offer to each other.

import type { Node } from "node-red";
import type { ConversationLimits } from "../live/conversation-pool";
import type { Done } from "../live/input/input";
import type { QueueLimits } from "../live/input/queue";
import type { OwnTokens } from "../live/server/credentials";
import type { Server } from "../live/server/server";
import type { Continuity, Setup } from "../live/setup/setup";
import type { Answer } from "../live/tools/tool-dispatch";
import type { LiveConfigSettings } from "./settings/live-config";

export type Credentials = { apiKey: string };

/** What live sessions and live tokens take from the connection that they share. */
export interface SharedConnection {
  /** Events name it, so that nobody mistakes the simulator for a model. */
  kind: LiveConfigSettings["server"];
  /** The server with the key for it, never a token. Starts the simulator if it is the server. */
  server(): Promise<Server>;
  /** Conversations connect with tokens that are made from the key; undefined: with the key itself. */
  tokens: OwnTokens | undefined;
  connectTimeoutMs: number;
  waiting: QueueLimits;
  limits: ConversationLimits;
  continuity: Continuity;
}

export interface LiveConfigNode extends Node<Credentials> {
  /** @throws InputError when the settings cannot be used */
  connection(): SharedConnection;
}

/** What other nodes use of a session; one with unusable settings has none of it. */
export interface LiveSessionNode extends Node {
  /** Returns the response to a tool call to its conversation. */
  answerCall?(session: string, id: string, answer: Answer, done: Done): void;
  /** The server and the setup of a new conversation; a live token locks its tokens to them. */
  blueprint?(): { connection: SharedConnection; setup: Setup };
}
