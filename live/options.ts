// What a conversation is given: its settings, its server, its limits, and where its handle is stored.

import type { HandleStore } from "./connection/resumption-handle";
import type { OpeningOptions } from "./connection/session-opening";
import type { QueueLimits } from "./input/queue";

export interface ConversationOptions extends OpeningOptions {
  /** Bounds of what waits for the connection. */
  waiting: QueueLimits;
  /** Stores the handle where it outlives this process; absent: it is not stored. */
  handles?: HandleStore | undefined;
  /** 0 to below 1: scatters the waits before a reconnect. */
  random(): number;
}
