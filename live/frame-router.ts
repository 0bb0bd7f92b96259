// Passes what a frame of the server contains to the parts that handle it.

import type { LiveServerMessage } from "@google/genai";
import type { Clock } from "../audio/clock";
import type { ResumptionHandle } from "./connection/resumption-handle";
import type { ConversationEvent } from "./events";
import type { StateStore } from "./state/store";
import type { ToolDispatch } from "./tools/tool-dispatch";
import type { ServerWatch } from "./turns/server-watch";
import type { TurnTracker } from "./turns/turn-tracker";
import type { Upkeep } from "./upkeep";

export interface FrameRouterParts {
  clock: Clock;
  state: StateStore;
  watch: ServerWatch;
  handle: ResumptionHandle;
  turns: TurnTracker;
  tools: ToolDispatch;
  upkeep: Upkeep;
  emit(event: ConversationEvent): void;
}

export class FrameRouter {
  readonly #parts: FrameRouterParts;

  constructor(parts: FrameRouterParts) {
    this.#parts = parts;
  }

  receive(frame: LiveServerMessage) {
    this.#parts.state.batch(() => this.#route(frame));
  }

  #route(frame: LiveServerMessage) {
    const { clock, watch, handle, turns, tools, upkeep, emit } = this.#parts;
    const { sessionResumptionUpdate, toolCall, toolCallCancellation, goAway } = frame;
    watch.restart();
    if (sessionResumptionUpdate) handle.update(sessionResumptionUpdate, clock.now());
    turns.receive(frame);
    if (toolCall) {
      turns.onToolCall();
      tools.receive(toolCall.functionCalls ?? []);
    }
    if (toolCallCancellation) tools.cancel(toolCallCancellation.ids ?? []);
    if (goAway) upkeep.onGoAway(goAway.timeLeft);
    const { error } = frame as { error?: { message?: string } };
    if (error)
      emit({
        type: "failed",
        error: new Error(`Gemini Live: the server reported "${error.message ?? JSON.stringify(error)}".`),
      });
  }
}
