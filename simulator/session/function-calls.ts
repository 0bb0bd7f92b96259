// The calls of one conversation: which of them are pending, for which the model waits, and what was answered.

import { randomInt } from "node:crypto";
import type { FunctionResponse } from "../protocol/client-messages";
import type { Behavior, FunctionCall } from "../protocol/function-declarations";
import type { Model } from "../protocol/models";
import { internalError, invalidArgument } from "../protocol/refusals";

/** One call, as it can be asked about. */
export interface SimulatedCall {
  readonly id: string;
  readonly name: string;
  readonly args: object;
  /** All that were accepted: several for one that answers bit by bit, and those that came after its cancellation. */
  readonly responses: readonly object[];
  readonly state: "pending" | "answered" | "cancelled";
}

interface Call extends SimulatedCall {
  behavior: Behavior;
  /** The model is silent until it is answered. */
  awaited: boolean;
  responses: object[];
  state: SimulatedCall["state"];
}

/** What the model learns from a response. */
export interface Result {
  name: string;
  response: Record<string, unknown>;
  /** More responses to the same call will come. */
  more: boolean;
  scheduling: "WHEN_IDLE" | "INTERRUPT" | "SILENT";
}

/** Calls that are kept, and responses of one call: the newest. */
const MOST_CALLS = 500;
const MOST_RESPONSES = 100;
/** A larger response, in bytes of JSON, is one that the server does not cope with. Clients only report "large" (docs/live-api.md 2). */
const LARGEST_RESPONSE = 64 * 1024;

/** The calls of one conversation, from the oldest to the newest. */
export class FunctionCalls {
  readonly #all: Call[] = [];

  /** All of them, without what is nobody's business. */
  get shown(): SimulatedCall[] {
    return this.#all.map(({ id, name, args, responses, state }) => ({
      id,
      name,
      args,
      responses: [...responses],
      state,
    }));
  }

  /** Whether any has not been answered. */
  get pending() {
    return this.#all.some(({ state }) => state === "pending");
  }

  /** Whether the model is silent until they are answered. */
  get awaited() {
    return this.#all.some(({ state, awaited }) => state === "pending" && awaited);
  }

  /** Adds calls. @param behaviorOf by name @returns them as the frame has them */
  add(requests: readonly FunctionCall[], { callIds }: Model, behaviorOf: (name: string) => Behavior) {
    const calls = requests.map(({ name, args = {} }): Call => {
      const behavior = behaviorOf(name);
      const id = `${callIds}${randomInt(10 ** 14)}`;
      return { id, name, args, responses: [], state: "pending", behavior, awaited: behavior === "BLOCKING" };
    });
    this.#all.push(...calls);
    this.#all.splice(0, this.#all.length - MOST_CALLS);
    return calls.map(({ id, name, args }) => ({ id, name, args }));
  }

  /** The pending blocking calls, for which the model waits no longer: it is about to repeat them. */
  repeated(): FunctionCall[] {
    const calls = this.#all.filter(({ state, behavior }) => state === "pending" && behavior === "BLOCKING");
    for (const call of calls) call.awaited = false;
    return calls;
  }

  /** The model waits for none any more; their responses are still welcome. */
  release() {
    for (const call of this.#all) call.awaited = false;
  }

  /** Withdraws all that are pending. @returns their ids */
  cancel() {
    const calls = this.#all.filter(({ state }) => state === "pending");
    for (const call of calls) call.state = "cancelled";
    return calls.map(({ id }) => id);
  }

  /**
   * Takes responses: all of them, or none when one is wrong. One to a cancelled call is taken and has no effect.
   * @returns what the model learns from them
   * @throws Refusal
   */
  answer(responses: readonly FunctionResponse[], { scheduling }: Model): Result[] {
    const ended = new Set<Call>();
    const checked = responses.map(({ id, name, response, willContinue = false, ...rest }) => {
      const call = this.#all.find((each) => each.id === id);
      if (!call || call.name !== name || call.state === "answered" || ended.has(call) || !response)
        throw invalidArgument();
      const { scheduling: wanted = "SCHEDULING_UNSPECIFIED" } = rest;
      if (wanted !== "SCHEDULING_UNSPECIFIED" && !scheduling) throw invalidArgument();
      if (Buffer.byteLength(JSON.stringify(response)) > LARGEST_RESPONSE) throw internalError();
      // For blocking calls both are ignored, as the SDK's types say.
      const blocking = call.behavior === "BLOCKING";
      const more = willContinue && !blocking;
      if (!more) ended.add(call);
      const when = blocking || wanted === "SCHEDULING_UNSPECIFIED" ? "WHEN_IDLE" : wanted;
      return { call, response, more, scheduling: when };
    });
    if (!checked.length) throw invalidArgument();
    return checked.flatMap(({ call, ...result }) => take(call, result));
  }
}

/** @returns what the model learns: nothing from a call that it withdrew, or when there is only the end of one */
function take(call: Call, result: Omit<Result, "name">): Result[] {
  const { response, more } = result;
  const onlyEnd = !more && call.responses.length > 0 && Object.keys(response).length === 0;
  call.responses.push(response);
  if (call.responses.length > MOST_RESPONSES) call.responses.shift();
  if (call.state === "cancelled") return [];
  if (!more) call.state = "answered";
  return onlyEnd ? [] : [{ name: call.name, ...result }];
}
