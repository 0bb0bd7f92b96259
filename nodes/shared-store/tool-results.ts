// Passes tool results to the instance that owns their conversation, through Redis, and waits until it confirms them.

import { randomUUID } from "node:crypto";
import type { Clock } from "../../audio/clock";
import type { Done } from "../../live/input/input";
import type { ErrorCode } from "../../live/server/error-codes";
import { InputError } from "../../live/server/errors";
import type { ToolResult } from "../../live/tools/tool-dispatch";
import { runStep } from "./ownership-script";
import type { Redis } from "./redis";
import type { Seal } from "./seal";

/** A conversation in the store. */
export interface Stored {
  /** The session key. */
  readonly key: string;
  /** As Seal.nameOf(). */
  readonly name: string;
}

/** A result on its way: plain data, which is encrypted for its conversation. */
interface Parcel {
  request: string;
  /** The instance that waits for the outcome. */
  from: string;
  /** Of the tool call. */
  id: string;
  result: ToolResult;
}

interface Outcome {
  request: string;
  error?: { message: string; code: ErrorCode };
}

interface OnItsWay extends Stored {
  id: string;
  sealed: string;
  end(error?: Error): void;
}

/** Milliseconds within which the owner must take a result and confirm it. */
const PATIENCE_MS = 10_000;

export const channelOf = (instance: string) => `gemini-live:handover:${instance}`;
/** The machine of an instance, as errors name it. */
export const machineOf = (instance: string) => instance.slice(0, instance.lastIndexOf("/"));

export class ToolResults {
  readonly #redis: Redis;
  readonly #seal: Seal;
  readonly #clock: Clock;
  readonly #me: string;
  /** By request. */
  readonly #pending = new Map<string, OnItsWay>();

  constructor(redis: Redis, seal: Seal, clock: Clock, me: string) {
    this.#redis = redis;
    this.#seal = seal;
    this.#clock = clock;
    this.#me = me;
  }

  /** Passes a result; `done` is called when the owner has sent it, or with an error. It is applied once at most. */
  pass({ key, name }: Stored, id: string, result: ToolResult, done: Done) {
    const request = randomUUID();
    const parcel: Parcel = { request, from: this.#me, id, result };
    const cancel = this.#clock.after(PATIENCE_MS, () => void this.#giveUp(onItsWay));
    const end = (error?: Error) => {
      cancel();
      if (this.#pending.delete(request)) done(error);
    };
    const onItsWay: OnItsWay = { key, name, id, sealed: this.#seal.close(name, parcel), end };
    this.#pending.set(request, onItsWay);
    this.#step("pass", onItsWay).then(
      ([verdict, owner]) => {
        if (verdict === "ended") end(ended(id));
        else if (owner) this.#redis.publish(channelOf(owner), `results ${name}`).catch(() => {});
      },
      (error) => {
        // Redis may still get the result, and then this after it.
        this.#step("withdraw", onItsWay).catch(() => {});
        end(
          new InputError(
            `The response to the tool call ${id} could not be passed to the Node-RED that has its conversation: ${error.message}`,
            "GEMINI_UNREACHABLE",
          ),
        );
      },
    );
  }

  /** What another instance has made of a result. */
  onOutcome(sealed: string) {
    const { request = "", error } = this.#open<Outcome>(this.#me, sealed);
    this.#pending.get(request)?.end(error && new InputError(error.message, error.code));
  }

  /** Applies a result that this instance has taken, and confirms it. Once: `applied` has those of which it is not known whether they are deleted. */
  apply(
    { key, name }: Stored,
    sealed: string,
    applied: Set<string>,
    onResult: (key: string, id: string, result: ToolResult, done: Done) => void,
  ) {
    if (applied.has(sealed)) return;
    applied.add(sealed);
    const { request, from, id, result } = this.#open<Parcel>(name, sealed);
    if (!request || !from || !id || !result) return;
    onResult(key, id, result, (error) => {
      const { message, code } = (error ?? {}) as InputError;
      const outcome: Outcome = { request, ...(error && { error: { message, code } }) };
      this.#redis.publish(channelOf(from), `outcome ${this.#seal.close(from, outcome)}`).catch(() => {});
    });
  }

  /** Withdraws what no owner has taken. Every result on its way gets an error. */
  async close() {
    await Promise.all([...this.#pending.values()].map((each) => this.#giveUp(each)));
  }

  async #giveUp({ key, id, ...more }: OnItsWay) {
    const [verdict, owner] = await this.#step("withdraw", more).catch(() => []);
    const place = owner
      ? `takes place in another Node-RED, on the machine ${machineOf(owner)}`
      : "takes place in no Node-RED at the moment";
    const outcome = verdict === "withdrawn" ? "was not sent" : "may have been sent, and is not sent again";
    more.end(
      new InputError(
        `The conversation "${key}" ${place}. The response to the tool call ${id} ${outcome}.`,
        "GEMINI_ELSEWHERE",
      ),
    );
  }

  /** An empty object: it comes from no instance with this secret. */
  #open<T>(name: string, sealed: string): Partial<T> {
    try {
      return this.#seal.open(name, sealed) as T;
    } catch {
      return {};
    }
  }

  #step(step: "pass" | "withdraw", { name, sealed }: Pick<OnItsWay, "name" | "sealed">) {
    return runStep(this.#redis, this.#me, { name, step, data: sealed });
  }
}

/** No conversation waits for the result of a call. */
export const ended = (id: string) =>
  new InputError(
    `The conversation of the tool call ${id} has ended. The response was not sent.`,
    "GEMINI_CALL_ENDED",
  );
