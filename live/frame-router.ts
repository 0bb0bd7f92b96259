// Passes what a frame of the server contains to the parts that handle it.

import type { LiveServerMessage } from "@google/genai";
import type { Clock } from "../audio/clock";
import type { ResumptionHandle } from "./connection/resumption-handle";
import type { UnknownField } from "./connection/server-frame";
import type { ConversationEvent } from "./events";
import { reportedError } from "./server/reported-error";
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

/** Maximum number of unknown fields that are reported in one conversation. */
const MAX_UNKNOWN = 100;

export class FrameRouter {
  readonly #parts: FrameRouterParts;
  /** The paths of the unknown fields that were reported in this conversation. */
  readonly #reported = new Set<string>();

  constructor(parts: FrameRouterParts) {
    this.#parts = parts;
    parts.state.onChange((_before, _after, event) => {
      if (event.type === "ended") this.#reported.clear();
    });
  }

  receive(frame: LiveServerMessage, unknown: readonly UnknownField[]) {
    this.#parts.state.batch(() => {
      this.#route(frame);
      for (const field of unknown) this.#report(field);
    });
  }

  /** Reports an unknown field once. */
  #report({ path, value }: UnknownField) {
    if (this.#reported.has(path) || this.#reported.size >= MAX_UNKNOWN) return;
    this.#reported.add(path);
    this.#parts.emit({ type: "other", path, value });
  }

  #route(frame: LiveServerMessage) {
    const { clock, watch, handle, turns, tools, upkeep, emit } = this.#parts;
    const { setupComplete, sessionResumptionUpdate, toolCall, toolCallCancellation, goAway } = frame;
    watch.restart();
    const signature = setupComplete?.voiceConsentSignature?.signature;
    if (signature) emit({ type: "voiceConsentSignature", signature });
    if (sessionResumptionUpdate) {
      const wasAwaited = handle.isAwaited;
      handle.update(sessionResumptionUpdate, clock.now());
      if (sessionResumptionUpdate.resumable && sessionResumptionUpdate.newHandle) tools.cover();
      if (wasAwaited && !handle.isAwaited) upkeep.onFreshHandle();
    }
    turns.receive(frame);
    if (toolCall) {
      turns.onToolCall();
      tools.receive(toolCall.functionCalls ?? []);
    }
    if (toolCallCancellation) tools.cancel(toolCallCancellation.ids ?? []);
    if (goAway) upkeep.onGoAway(goAway.timeLeft);
    const { error } = frame as { error?: unknown };
    if (error !== undefined) emit({ type: "failed", error: reportedError(error) });
  }
}
