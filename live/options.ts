// What a conversation is given: its settings, its server, its limits, and where its handle is kept.

import type { Clock } from "../audio/clock";
import type { QueueLimits } from "./input/queue";
import type { OwnTokens } from "./server/credentials";
import type { Server } from "./server/server";
import type { Continuity, ConversationSettings } from "./setup/setup";
import type { ServedTool } from "./tools/tool-dispatch";

export interface ConversationOptions {
  settings: ConversationSettings;
  continuity: Continuity;
  /** Finds the server; may start it first. */
  server(): Promise<Server>;
  /** Connects with short-lived tokens; absent: with the key itself. */
  tokens?: OwnTokens | undefined;
  /** Milliseconds that the server has to accept the setup, or to make a token. */
  connectTimeoutMs: number;
  /** Bounds of what waits for the connection. */
  waiting: QueueLimits;
  /** The tools that the model may use, as they are now. */
  tools(): readonly ServedTool[];
  /** Throws an error that says why when this conversation may not open now. */
  admit(): void;
  /** Keeps the handle where it outlives this process; absent: it is not kept. */
  handles?: HandleStore | undefined;
  clock: Clock;
  /** 0 to below 1: scatters the waits before a reconnect. */
  random(): number;
}

/** Where a handle is kept for a conversation that is opened anew after a restart. */
export interface HandleStore {
  load(): Promise<string | undefined>;
  save(handle: string | undefined): void;
}
