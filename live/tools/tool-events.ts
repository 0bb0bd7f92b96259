// The events of a conversation's tool calls.

import type { Call } from "../state/state";

export type ToolEvent =
  | { type: "toolCall"; call: Call }
  | {
      type: "toolCancelled";
      call: Call;
      /** cancelled by the server, timed out, or lost with its conversation */
      reason: "cancelled" | "timeout" | "lost";
    }
  | { type: "failed"; error: Error };
