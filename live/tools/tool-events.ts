// What a conversation reports of its tool calls.

import type { Call } from "../state/state";

export type ToolEvent =
  | { type: "toolCall"; call: Call }
  | {
      type: "toolCancelled";
      call: Call;
      /** withdrawn by the model, out of time, or made by a conversation that has ended */
      reason: "cancelled" | "timeout" | "lost";
    }
  | { type: "failed"; error: Error };
