// The lifecycle of a conversation: opens it, continues it on another connection, and ends it.

import {
  type Cause,
  Connection,
  type ConnectionListener,
  type ConnectionOptions,
  type Remembered,
} from "./connection/connection";
import type { Attempt } from "./connection/connection-events";
import type { ConnectionReport } from "./connection/connection-report";
import { HANDLE_LIFETIME_MS, type ResumptionHandle } from "./connection/resumption-handle";
import type { SessionOpening } from "./connection/session-opening";
import type { LiveSocket } from "./connection/socket";
import type { ConversationEvent } from "./events";
import type { InputGate } from "./input/input-gate";
import type { ConversationOptions } from "./options";
import { ConnectionError, InputError } from "./server/errors";
import { profileOf } from "./setup/model-profiles";
import { outlivesConnection } from "./setup/setup";
import { isOpen, type StateEvent } from "./state/state";
import type { StateStore } from "./state/store";
import type { ToolDispatch } from "./tools/tool-dispatch";
import type { ServerWatch } from "./turns/server-watch";
import type { TurnTracker } from "./turns/turn-tracker";

export interface LifecycleParts {
  state: StateStore;
  report: ConnectionReport;
  watch: ServerWatch;
  handle: ResumptionHandle;
  opening: SessionOpening;
  turns: TurnTracker;
  input: InputGate;
  tools: ToolDispatch;
  emit(event: ConversationEvent): void;
  /** As ConnectionOptions.onFrame. */
  onFrame: ConnectionOptions["onFrame"];
}

/** A turn that nobody asked for proves nothing: a resumed conversation may send one each time, and end. */
const asksForTurn = (event: StateEvent) =>
  event.type === "textSent" ||
  event.type === "responseSent" ||
  (event.type === "userSpeech" && event.speaking) ||
  (event.type === "userAudible" && event.audible);

export class Lifecycle implements ConnectionListener {
  readonly #options: Pick<ConversationOptions, "settings" | "continuity" | "clock">;
  readonly #parts: LifecycleParts;
  readonly #connection: Connection;
  /** The server has had a part of the conversation. */
  hasBegun = false;

  constructor(options: ConversationOptions, parts: LifecycleParts) {
    const { settings, continuity, clock, random } = options;
    const { state, handle, opening, turns, input, onFrame } = parts;
    this.#options = options;
    this.#parts = parts;
    const hasHistory = () => turns.history.length > 0 || input.hasHistory;
    this.#connection = new Connection(
      {
        open: (used, handlers, signal) => opening.open(used, hasHistory, handlers, signal),
        onFrame,
        handle,
        reconnectAttempts: continuity.onConnectionLoss === "report" ? 0 : continuity.reconnectAttempts,
        reconnect: outlivesConnection(settings, continuity),
        clock,
        random,
      },
      this,
    );
    let isAsked = false;
    state.onChange((_before, _after, event) => {
      if (event.type === "connected") isAsked = false;
      if (asksForTurn(event)) isAsked = true;
      if (event.type === "turnComplete" && !event.cutOff && isAsked) this.#connection.prove();
    });
  }

  /** Opens the conversation if it is not open. */
  connect() {
    const { state, opening } = this.#parts;
    if (isOpen(state.current) || state.current.spent) return;
    opening.begin();
    state.apply({ type: "connecting" });
    this.#connection.open();
  }

  /** As Connection.changeOver(). */
  changeOver(cause: string, isFresh = false) {
    this.#connection.changeOver(cause, isFresh);
  }

  /** As Connection.stableInMs. */
  get stableInMs() {
    return this.#connection.stableInMs;
  }

  /** As Conversation.end(). */
  end(cause?: string) {
    const { handle, opening } = this.#parts;
    this.close(cause);
    handle.forget();
    opening.reset();
    this.#startOver();
  }

  /** As Conversation.close(). */
  close(cause?: string): number {
    const { state, turns, handle } = this.#parts;
    if (!isOpen(state.current)) return 0;
    let unanswered = 0;
    state.batch(() => {
      const { repeatable } = turns.questions;
      const stored = repeatable.length && handle.storeUnanswered(repeatable) ? repeatable.length : 0;
      unanswered = turns.questions.open.length - stored;
      turns.stop();
      const error = new InputError("The conversation ended before this could be sent.", "GEMINI_ENDED");
      this.#shut(error, "DISCONNECTED", cause);
    });
    return unanswered;
  }

  onAttempt(attempt: Attempt, cause: Cause) {
    this.#parts.report.onAttempt(attempt, cause);
  }

  onOpen(socket: LiveSocket, remembered: Remembered) {
    const { state, report, tools, watch, input, handle, turns } = this.#parts;
    state.batch(() => {
      const isResumed = remembered !== false;
      const sessionId = socket.session.setupComplete?.sessionId;
      state.apply({ type: "connected", resumed: isResumed, sessionId });
      report.onOpen(remembered);
      tools.onOpen();
      if (remembered === "partly") tools.disown();
      else if (!isResumed) tools.forget();
      watch.restart();
      input.putBack(handle.takeUnanswered());
      if (this.#speaksFirst && !this.hasBegun && !isResumed) input.begin();
      this.hasBegun = true;
      input.open(socket, turns.historyFor(isResumed), remembered);
    });
  }

  onBadFrame(error: Error) {
    this.#parts.emit({ type: "failed", error });
  }

  onLost() {
    const { state, report, input, turns } = this.#parts;
    state.batch(() => {
      report.onLost();
      input.close(turns.breakOff("CONNECTION_LOST"));
      state.apply({ type: "connectionLost" });
      input.restartActivity();
    });
  }

  /** Every waiting message gets the error; if no message waits, an event reports it. */
  onGivenUp(error: Error) {
    const { settings, continuity, clock } = this.#options;
    const { state, emit } = this.#parts;
    const survives = outlivesConnection(settings, continuity);
    const permanent = error instanceof ConnectionError && error.verdict === "permanent";
    state.batch(() => {
      state.apply({ type: "failed", permanent, now: clock.now(), keepMs: survives ? HANDLE_LIFETIME_MS : 0 });
      const reported = this.#shut(error, "CONNECTION_LOST", error);
      if (!reported) emit({ type: "failed", error });
      if (!survives) this.#startOver();
    });
  }

  /** A model that takes no texts cannot be asked to speak. */
  get #speaksFirst() {
    const { model, speaksFirst } = this.#parts.opening.settings;
    return speaksFirst && profileOf(model).text !== "none";
  }

  #startOver() {
    this.hasBegun = false;
    this.#parts.turns.restart();
    this.#parts.state.apply({ type: "ended" });
  }

  /** Closes the connection and rejects what waits. Returns the number of messages that got the error. */
  #shut(error: Error, reason: string, cause: Cause): number {
    const { state, report, input, turns, tools } = this.#parts;
    if (state.current.connection === "connected") state.apply({ type: "closing" });
    this.#connection.close();
    input.close(turns.breakOff(reason, false));
    tools.forget();
    state.apply({ type: "closed", cause });
    report.onClosed();
    return input.fail(error);
  }
}
