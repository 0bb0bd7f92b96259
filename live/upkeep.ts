// What a conversation does by itself: on idle, on a stall, and before its connection ends.

import type { ChangeOverPlan } from "./connection/change-over";
import type { Connection } from "./connection/connection";
import type { SessionOpening } from "./connection/session-opening";
import type { ConversationEvent } from "./events";
import { idleAction } from "./idle-action";
import type { InputGate } from "./input/input-gate";
import type { ConversationOptions } from "./options";
import { outlivesConnection } from "./setup/setup";
import type { StateStore } from "./state/store";
import type { TurnTracker } from "./turns/turn-tracker";

export interface UpkeepParts {
  state: StateStore;
  opening: SessionOpening;
  connection: Connection;
  changeOver: ChangeOverPlan;
  input: InputGate;
  turns: TurnTracker;
  emit(event: ConversationEvent): void;
  /** Ends the conversation. */
  end(): void;
}

export class Upkeep {
  readonly #options: Pick<ConversationOptions, "settings" | "continuity">;
  readonly #parts: UpkeepParts;

  constructor(options: Pick<ConversationOptions, "settings" | "continuity">, parts: UpkeepParts) {
    this.#options = options;
    this.#parts = parts;
  }

  get #survives() {
    return outlivesConnection(this.#options.settings, this.#options.continuity);
  }

  onIdle() {
    const { settings, continuity } = this.#options;
    const { state, opening, connection, input, turns, emit, end } = this.#parts;
    const next = idleAction(state.current, {
      singleTurn: settings.singleTurn,
      tokenBudget: continuity.tokenBudget,
      tokensUsed: turns.tokensUsed,
      canChangeOver: this.#survives,
      isOutdated: opening.isOutdated,
    });
    if (next.action === "end") end();
    if (next.action === "changeOver") connection.changeOver(next.cause);
    if (next.action === "endForBudget") {
      end();
      state.apply({ type: "spent", why: next.why });
      emit({ type: "refused", what: "tokenBudget", why: next.why });
    }
    if (next.action === "sendText") input.sendIdleTexts();
  }

  /** A resumed conversation that answers nothing stays mute: it is begun afresh with its history (docs/live-api.md 2). */
  onStall(ms: number) {
    const { state, connection, emit } = this.#parts;
    const isMute = state.current.unproven;
    const cure = !this.#survives ? "report" : isMute ? "restart" : this.#options.continuity.onStall;
    emit({ type: "stall", ms, cure });
    if (cure === "restart") connection.changeOver("the resumed conversation does not answer", true);
    else if (cure === "resume") connection.changeOver("the server stalled");
    else state.apply({ type: "stalled" });
  }

  /** The connection ends in `endsInMs`; a change-over comes before (docs/live-api.md 1.7). */
  planEnd(cause: string, endsInMs: number, idleWindowMs?: number) {
    const { state, changeOver } = this.#parts;
    if (!this.#survives || state.current.connection !== "connected") return;
    changeOver.plan(cause, endsInMs, idleWindowMs);
  }
}
