// Calls on their way to the client: sent, withdrawn, repeated.

import type { FunctionCall } from "../protocol/function-declarations";
import { textTokens } from "../session/context-window";
import type { Session } from "../session/session";
import type { AnswerSettings, Host, ModelTurn } from "./model-turn";

/** The calls of one connection; those of the session are kept in {@link FunctionCalls}. */
export class ToolCallIssuer {
  readonly #manner: AnswerSettings;
  readonly #session: Session;
  readonly #host: Host;

  /** @param session takes up the calls */
  constructor(manner: AnswerSettings, session: Session, host: Host) {
    this.#manner = manner;
    this.#session = session;
    this.#host = host;
  }

  /** @param turn the one that they are made in */
  send(calls: readonly FunctionCall[], turn?: ModelTurn) {
    const { model, behaviorOf } = this.#manner;
    const { toolCalls, memory } = this.#session;
    const functionCalls = toolCalls.add(calls, model, behaviorOf);
    const text = JSON.stringify(functionCalls.map(({ name, args }) => ({ name, args })));
    memory.add({ role: "model", modality: "TEXT", text, tokens: textTokens(text) });
    if (turn) Object.assign(turn, { called: text, holds: toolCalls.awaited });
    const status = model.tellsStatus ? { interactionStatus: "IN_PROGRESS" } : {};
    this.#host.send({ toolCall: { functionCalls }, ...status });
    this.#host.happened("toolCall");
  }

  /** Repeats the pending blocking calls under new ids. */
  reissue() {
    const calls = this.#session.toolCalls.repeated();
    if (calls.length) this.send(calls);
  }

  /** The user barges in. */
  giveUp() {
    if (this.#manner.model.cancelsCalls) this.withdraw();
    else this.#session.toolCalls.release();
  }

  /** Withdraws all that are pending. @returns whether there were any */
  withdraw() {
    const ids = this.#session.toolCalls.cancel();
    if (ids.length) this.#host.send({ toolCallCancellation: { ids } });
    return ids.length > 0;
  }
}
