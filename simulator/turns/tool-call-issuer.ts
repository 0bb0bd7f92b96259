// Sends the model's function calls to the client, cancels them and reissues them.

import type { FunctionCall } from "../protocol/function-declarations";
import type { Session } from "../session/session";
import { textTokens } from "../session/token-count";
import type { AnswerSettings, Host, ModelTurn } from "./model-turn";

/** Issues the calls of one connection. The session keeps their state. */
export class ToolCallIssuer {
  readonly #manner: AnswerSettings;
  readonly #session: Session;
  readonly #host: Host;

  /** @param session stores the calls */
  constructor(manner: AnswerSettings, session: Session, host: Host) {
    this.#manner = manner;
    this.#session = session;
    this.#host = host;
  }

  /** Sends a toolCall. @param turn the turn of the calls, if it is still running */
  send(calls: readonly FunctionCall[], turn?: ModelTurn) {
    const { model, behaviorOf } = this.#manner;
    const { toolCalls, memory } = this.#session;
    const functionCalls = toolCalls.add(calls, model, behaviorOf, this.#host.variation);
    const text = JSON.stringify(functionCalls.map(({ name, args }) => ({ name, args })));
    memory.add({ role: "model", modality: "TEXT", text, tokens: textTokens(text) });
    if (turn)
      Object.assign(turn, { called: text, waitsForResponses: toolCalls.awaited && !model.callsEndTurn });
    const status = model.sendsStatus ? { interactionStatus: "IN_PROGRESS" } : {};
    this.#host.send({ toolCall: { functionCalls }, ...status });
    this.#host.log(`tool call ${calls.map(({ name }) => name).join(", ")}`);
    this.#host.happened("toolCall");
  }

  /** Repeats the pending blocking calls under new ids. */
  reissue() {
    const calls = this.#session.toolCalls.takeForReissue();
    if (calls.length) this.send(calls);
  }

  /** On barge-in: cancels the pending calls, or stops waiting for them. */
  bargeIn() {
    if (this.#manner.model.cancelsCalls) this.cancel();
    else this.#session.toolCalls.release();
  }

  /** Cancels all pending calls. @returns whether there were any */
  cancel() {
    const ids = this.#session.toolCalls.cancel();
    if (ids.length) this.#host.send({ toolCallCancellation: { ids } });
    return ids.length > 0;
  }
}
