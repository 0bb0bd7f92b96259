// Acts on its own when a conversation is idle, stalls, or is about to lose its connection.

import type { Clock } from "../audio/clock";
import { ChangeOverPlan } from "./connection/change-over";
import type { ConnectionReport } from "./connection/connection-report";
import type { ResumptionHandle } from "./connection/resumption-handle";
import type { SessionOpening } from "./connection/session-opening";
import type { ConversationEvent } from "./events";
import { idleAction } from "./idle-action";
import type { InputGate } from "./input/input-gate";
import type { Lifecycle } from "./lifecycle";
import type { ConversationOptions } from "./options";
import { outlivesConnection } from "./setup/setup";
import { isOpen } from "./state/state";
import type { StateStore } from "./state/store";
import type { ToolDispatch } from "./tools/tool-dispatch";
import type { ServerWatch } from "./turns/server-watch";
import type { TurnTracker } from "./turns/turn-tracker";

/**
 * Milliseconds before the end that a goAway announces in which an idle moment is used for a change-over. 3.8 may announce an end in
 * 300 s at the start of a session, and again after each change-over (docs/live-api.md 2).
 */
const GO_AWAY_WINDOW_MS = 60_000;

/**
 * Milliseconds at the end of a turn in which a change-over waits for a handle that covers it. Models that issue handles often do so every
 * 1.2 s, and not during an answer (docs/live-api.md 1.5).
 */
const HANDLE_WAIT_MS = 2_000;

export interface UpkeepParts {
  state: StateStore;
  handle: ResumptionHandle;
  report: ConnectionReport;
  watch: ServerWatch;
  opening: SessionOpening;
  lifecycle: Lifecycle;
  turns: TurnTracker;
  input: InputGate;
  tools: ToolDispatch;
  emit(event: ConversationEvent): void;
}

export class Upkeep {
  readonly #options: Pick<ConversationOptions, "settings" | "continuity">;
  readonly #parts: UpkeepParts;
  readonly #changeOver: ChangeOverPlan;
  /** A conversation that ends with its connection needs no change-over. */
  readonly #survives: boolean;
  readonly #clock: Clock;
  /** Leaves the conversation to another process, which waits for it: what all callers of leave() want, the last one first. */
  #leave: (() => void) | undefined;
  /** Ends the wait for a handle; undefined: there is none. */
  #cancelWait: (() => void) | undefined;
  /** The turn in which no handle came in time. */
  #waitedIn = 0;

  constructor(options: ConversationOptions, parts: UpkeepParts) {
    const { settings, continuity, clock } = options;
    const { state, lifecycle } = parts;
    this.#options = options;
    this.#parts = parts;
    this.#clock = clock;
    this.#survives = outlivesConnection(settings, continuity);
    this.#changeOver = new ChangeOverPlan(clock, state, (cause) =>
      this.#leave ? this.#leave() : lifecycle.changeOver(cause),
    );
    state.onIdle(() => this.#onIdle());
    state.onChange((_before, { connection }) => {
      if (connection !== "connected") this.#endWait();
    });
  }

  /** The server announces the end of the connection. @param timeLeft as the server writes it, for example `50s` */
  onGoAway(timeLeft: string | undefined) {
    const endsInMs = this.#parts.report.onGoAway(timeLeft);
    this.#planEnd("the server will close the connection", endsInMs, GO_AWAY_WINDOW_MS);
  }

  /** A handle has come that covers everything. */
  onFreshHandle() {
    if (!this.#cancelWait) return;
    this.#endWait();
    this.#parts.state.idleAgain();
  }

  /** As Conversation.leave(). */
  leave(withinMs: number, leave: () => void) {
    const { state } = this.#parts;
    const earlier = this.#leave;
    const cancel = this.#clock.after(withinMs, () => this.#leave?.());
    this.#leave = () => {
      cancel();
      this.#leave = undefined;
      leave();
      earlier?.();
    };
    if (isOpen(state.current)) state.idleAgain();
    else this.#leave();
  }

  /** Checks for tool timeouts, stalls, and tokens that expire soon. Call it about once a second. */
  check() {
    const { state, tools, watch, opening } = this.#parts;
    state.batch(() => {
      tools.checkTimeouts();
      const stalledMs = watch.check();
      if (stalledMs !== undefined) this.#onStall(stalledMs);
    });
    if (this.#survives && state.current.connection === "connected")
      opening.watch((endsInMs) => this.#planEnd("the token expires soon", endsInMs));
  }

  #onIdle() {
    const { settings, continuity } = this.#options;
    const { state, opening, lifecycle, turns, input, emit } = this.#parts;
    if (this.#leave) return this.#waitsForHandle() ? undefined : this.#leave();
    const next = idleAction(state.current, {
      singleTurn: settings.singleTurn,
      tokenBudget: continuity.tokenBudget,
      tokensUsed: turns.tokensUsed,
      canChangeOver: this.#survives,
      isOutdated: opening.isOutdated,
      canUpdate: opening.canUpdate,
    });
    if (next.action === "end") lifecycle.end();
    if (next.action === "changeOver" && !this.#waitsForHandle()) lifecycle.changeOver(next.cause);
    if (next.action === "update") {
      input.updateContext(opening.takeUpdate()!);
      state.idleAgain();
    }
    if (next.action === "endForBudget") {
      lifecycle.end();
      state.apply({ type: "spent", why: next.why });
      emit({ type: "refused", code: "GEMINI_TOKEN_BUDGET", what: "tokenBudget", why: next.why });
    }
    if (next.action === "sendText") input.sendIdleTexts();
  }

  /** Whether the connection stays for a moment, because a handle may come that covers the turn that is over. */
  #waitsForHandle(): boolean {
    const { state, handle } = this.#parts;
    if (!handle.isAwaited || this.#waitedIn === state.current.turn) return false;
    this.#cancelWait ??= this.#clock.after(HANDLE_WAIT_MS, () => {
      this.#endWait();
      this.#waitedIn = state.current.turn;
      state.idleAgain();
    });
    return true;
  }

  #endWait() {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }

  /** A resumed conversation that does not answer is replaced by a new one with its history (docs/live-api.md 2). */
  #onStall(ms: number) {
    const { state, lifecycle, emit } = this.#parts;
    const isMute = state.current.unproven;
    const cure = !this.#survives ? "report" : isMute ? "restart" : this.#options.continuity.onStall;
    emit({ type: "stall", ms, cure });
    if (cure === "restart") lifecycle.changeOver("the resumed conversation does not answer", true);
    else if (cure === "resume") lifecycle.changeOver("the server stalled");
    else state.apply({ type: "stalled" });
  }

  /** Plans a change-over before the connection ends in `endsInMs` (docs/live-api.md 1.7). */
  #planEnd(cause: string, endsInMs: number, idleWindowMs?: number) {
    if (!this.#survives || this.#parts.state.current.connection !== "connected") return;
    this.#changeOver.plan(cause, endsInMs, this.#parts.lifecycle.stableInMs, idleWindowMs);
  }
}
