// The function calls of one session: their states, which of them block the model, and their responses.

import type { Behavior, FunctionCall } from "../protocol/function-declarations";
import type { FunctionResponse } from "../protocol/message-schema";
import type { CallIdForm, Model } from "../protocol/models";
import { internalError, invalidArgument } from "../protocol/refusals";
import type { Variation } from "../protocol/variation";

/** A function call as tests see it. */
export interface SimulatedCall {
  readonly id: string;
  readonly name: string;
  readonly args: object;
  /** All accepted responses: several with willContinue, and those that came after a cancellation. */
  readonly responses: readonly object[];
  readonly state: "pending" | "answered" | "cancelled";
}

interface TrackedCall extends SimulatedCall {
  behavior: Behavior;
  /** Whether the model is silent until the response. */
  awaited: boolean;
  responses: object[];
  state: SimulatedCall["state"];
}

/** A tool response as the model uses it. */
export interface Result {
  name: string;
  response: Record<string, unknown>;
  /** Whether more responses to the same call follow (willContinue). */
  more: boolean;
  scheduling: "WHEN_IDLE" | "INTERRUPT" | "SILENT";
}

/** The session keeps only the newest calls, and the newest responses of each. */
const MAX_CALLS = 500;
const MAX_RESPONSES = 100;
/** Larger responses, in bytes of JSON, fail on the server. The limit is ours: clients only report "large" (docs/live-api.md 2). */
const MAX_RESPONSE_BYTES = 64 * 1024;

/** The function calls of one session, from the oldest to the newest. */
export class FunctionCalls {
  readonly #all: TrackedCall[] = [];

  /** All calls, without internal state. */
  get shown(): SimulatedCall[] {
    return this.#all.map(({ id, name, args, responses, state }) => ({
      id,
      name,
      args,
      responses: [...responses],
      state,
    }));
  }

  /** Whether any call still waits for a response. */
  get pending() {
    return this.#all.some(({ state }) => state === "pending");
  }

  /** Whether the model is silent until a response. */
  get awaited() {
    return this.#all.some(({ state, awaited }) => state === "pending" && awaited);
  }

  /**
   * Adds calls.
   * @param behaviorOf gives the behavior of a function by name @param variation gives the ids
   * @returns the calls in the form of the toolCall frame
   */
  add(
    requests: readonly FunctionCall[],
    { callIds }: Model,
    behaviorOf: (name: string) => Behavior,
    variation: Variation,
  ) {
    const calls = requests.map(({ name, args = {} }): TrackedCall => {
      const behavior = behaviorOf(name);
      const id = this.#newId(callIds[behavior], variation);
      return { id, name, args, responses: [], state: "pending", behavior, awaited: behavior === "BLOCKING" };
    });
    this.#all.push(...calls);
    this.#all.splice(0, this.#all.length - MAX_CALLS);
    return calls.map(({ id, name, args }) => ({ id, name, args }));
  }

  /** An id that no other call has. */
  #newId([prefix, digits]: CallIdForm, variation: Variation): string {
    const id = prefix + variation.digits(digits);
    return this.#all.some((call) => call.id === id) ? this.#newId([prefix, digits], variation) : id;
  }

  /** Takes the pending blocking calls for a reissue under new ids; the model stops waiting for the old ids. */
  takeForReissue(): FunctionCall[] {
    const calls = this.#all.filter(({ state, behavior }) => state === "pending" && behavior === "BLOCKING");
    for (const call of calls) call.awaited = false;
    return calls;
  }

  /** The model stops waiting. Responses are still accepted. */
  release() {
    for (const call of this.#all) call.awaited = false;
  }

  /** The newest call; undefined: there is none. */
  get newest(): SimulatedCall | undefined {
    return this.#all.at(-1);
  }

  /** Forgets the calls after `call`: responses to them are accepted, and have no effect. */
  forgetAfter(call: SimulatedCall | undefined) {
    const first = call ? this.#all.indexOf(call as TrackedCall) + 1 : 0;
    for (const later of this.#all.slice(first).filter(({ state }) => state === "pending")) {
      later.state = "cancelled";
      later.awaited = false;
    }
  }

  /** Cancels all pending calls. @returns their ids */
  cancel() {
    const calls = this.#all.filter(({ state }) => state === "pending");
    for (const call of calls) call.state = "cancelled";
    return calls.map(({ id }) => id);
  }

  /**
   * Accepts all responses, or none if one is invalid. A response to a cancelled call is accepted without effect.
   * @returns the results that the model uses
   * The id is enough, as measured: the name may be absent or wrong.
   * @throws Refusal for an unknown or answered id, or a scheduling that the model does not have
   */
  answer(responses: readonly FunctionResponse[], { scheduling }: Model): Result[] {
    const ended = new Set<TrackedCall>();
    const checked = responses.map(({ id, response, willContinue = false, ...rest }) => {
      const call = this.#all.find((each) => each.id === id);
      if (!call || call.state === "answered" || ended.has(call) || !response) throw invalidArgument();
      const { scheduling: wanted = "SCHEDULING_UNSPECIFIED" } = rest;
      if (wanted !== "SCHEDULING_UNSPECIFIED" && !scheduling) throw invalidArgument();
      if (Buffer.byteLength(JSON.stringify(response)) > MAX_RESPONSE_BYTES) throw internalError();
      // The server ignores willContinue and scheduling for blocking calls [@google/genai, FunctionResponse].
      const blocking = call.behavior === "BLOCKING";
      const more = willContinue && !blocking;
      if (!more) ended.add(call);
      const unset = blocking || wanted === "SCHEDULING_UNSPECIFIED";
      // A late response to a call that the user interrupted: the model says nothing about it, as measured.
      const late = blocking && !call.awaited;
      const when = late ? "SILENT" : unset ? "WHEN_IDLE" : wanted;
      return { call, response, more, scheduling: when };
    });
    if (!checked.length) throw invalidArgument();
    return checked.flatMap(({ call, ...result }) => record(call, result));
  }
}

/** @returns the result for the model; none for a cancelled call, and none for an empty response that only ends a call */
function record(call: TrackedCall, result: Omit<Result, "name">): Result[] {
  const { response, more } = result;
  const onlyEnd = !more && call.responses.length > 0 && Object.keys(response).length === 0;
  call.responses.push(response);
  if (call.responses.length > MAX_RESPONSES) call.responses.shift();
  if (call.state === "cancelled") return [];
  if (!more) call.state = "answered";
  return onlyEnd ? [] : [{ name: call.name, ...result }];
}
