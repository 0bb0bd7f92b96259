// The options of a conversation: settings, server, limits, and the store of its resumption handle.

import type { HandleStore } from "./connection/resumption-handle";
import type { OpeningOptions } from "./connection/session-opening";
import type { QueueLimits } from "./input/queue";

export interface ConversationOptions extends OpeningOptions {
  /** Limits of what waits for the connection. */
  waiting: QueueLimits;
  /** Stores the handle so that it outlives this process; absent: it is not stored. */
  handles?: HandleStore | undefined;
  /** A random number from 0 to below 1, which varies the waits before a reconnect. */
  random(): number;
}
