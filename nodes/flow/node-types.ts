// The interfaces by which the nodes of this package use each other.

import type { Node } from "node-red";
import type { ConversationLimits } from "../../live/conversation-pool";
import type { Done } from "../../live/input/input";
import type { QueueLimits } from "../../live/input/queue";
import type { OwnTokens } from "../../live/server/credentials";
import type { Server } from "../../live/server/server";
import type { Continuity, Setup } from "../../live/setup/setup";
import type { ToolResult } from "../../live/tools/tool-dispatch";
import type { Leaving } from "../leaving/leaving";
import type { LiveConfigSettings } from "../settings/live-config";
import type { SharedLimits } from "../shared-store/limits";
import type { SharedStoreOptions } from "../shared-store/shared-store";

export type ConnectionCredentials = { apiKey: string; storeUser: string; storePassword: string };

/** What a live config node offers to live sessions and live tokens. */
export interface SharedConnection {
  /** Events contain it, so that the simulator is not mistaken for a model. */
  kind: LiveConfigSettings["server"];
  /** The server with the key for it, never a token. Starts the simulator if it is the server. */
  server(): Promise<Server>;
  /** Conversations connect with tokens that are made from the key; undefined: with the key itself. */
  tokens: OwnTokens | undefined;
  connectTimeoutMs: number;
  waiting: QueueLimits;
  limits: ConversationLimits;
  /** Whether the conversations leave this Node-RED. */
  leaving: Leaving;
  continuity: Continuity;
  /** The store of kept conversations; undefined: Node-RED's context. @throws InputError if it cannot be used */
  store(): Pick<SharedStoreOptions, "address" | "secret"> | undefined;
}

/** What a live config node offers beyond its settings. */
export interface LiveConnection extends SharedConnection {
  /** Its limits over all instances of Node-RED that share its store; undefined: there is none, and this process alone counts. */
  sharedLimits(): SharedLimits | undefined;
}

export interface LiveConfigNode extends Node<ConnectionCredentials> {
  /** @throws InputError if the settings are invalid */
  connection(): LiveConnection;
}

/** A node that makes tool calls: a live session, or a tool call that is tried from its dialog. */
export interface CallerNode extends Node {
  /** Passes a tool response to the call that waits for it; missing if the node's settings are invalid. */
  respondToCall?(session: string, id: string, result: ToolResult, done: Done): void;
}

/** What a live session offers to other nodes; missing if its settings are invalid. */
export interface LiveSessionNode extends CallerNode {
  /** As LiveConnection.sharedLimits(). */
  sharedLimits?: LiveConnection["sharedLimits"];
  /** The server and the setup of a new conversation; a live token locks its tokens to them. Rejects as a new conversation. */
  blueprint?(): Promise<{ connection: SharedConnection; setup: Setup }>;
}
