// The tools of one conversation: passes the model's calls on to who serves them, and takes their answers back, each once.

import type { FunctionCall, FunctionDeclaration } from "@google/genai";
import type { Clock } from "../../audio/clock";
import type { ConversationEvent } from "../events";
import type { Done, Input, ToolResponse } from "../input/queue";
import { InputError } from "../server/errors";
import type { ModelProfile } from "../setup/model-profiles";
import { type Call, PendingCalls } from "./pending-calls";

/** A tool that the model may call. */
export interface ServedTool {
  declaration: FunctionDeclaration;
  /** Who serves it, in the words of those who declared it. */
  server: string;
  /** Milliseconds after which the model is told that no answer came. */
  timeoutMs: number;
  /** What does not fit in the arguments, in words by which the model can correct itself; undefined: they fit. */
  check(args: unknown): string | undefined;
}

/** What a tool gives back. */
export interface Answer {
  response: Record<string, unknown>;
  scheduling?: ToolResponse["scheduling"];
  /** More will come for the same call. */
  willContinue?: boolean;
}

export interface ToolDispatchOptions {
  profile: ModelProfile;
  /** The tools that the server was told of last. */
  tools(): readonly ServedTool[];
  clock: Clock;
  send(input: Input, done: Done): void;
  emit(event: ConversationEvent): void;
}

/** Milliseconds for which sound is held back at the most while the model is silent for a tool (docs/live-api.md 2). */
const HOLD_SOUND_MS = 10_000;

export class ToolDispatch {
  readonly #options: ToolDispatchOptions;
  readonly #calls = new PendingCalls();
  /** Clock time at which the model fell silent for a tool. */
  #blockedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ToolDispatchOptions) {
    this.#options = options;
  }

  /** Calls are still to be answered. */
  get isBusy() {
    return this.#calls.pending.length > 0;
  }

  /** The model is silent until a call is answered. */
  get isBlocked() {
    return this.#calls.hasBlocking;
  }

  /** Sound would end the conversation now, as the model waits for a tool. */
  get isDeaf() {
    const { profile, clock } = this.#options;
    return profile.deafWhileBlocked && this.isBlocked && clock.now() - this.#blockedAt < HOLD_SOUND_MS;
  }

  receive(calls: readonly FunctionCall[]) {
    if (!this.isBlocked) this.#blockedAt = this.#options.clock.now();
    for (const { id = "", name = "", args = {} } of calls) {
      const tool = this.#options.tools().find(({ declaration }) => declaration.name === name);
      const problem = tool ? tool.check(args) : `There is no tool named ${name}.`;
      if (!tool || problem) {
        this.#respond(id, name, { response: { error: problem } });
        continue;
      }
      const call: Call = {
        id,
        name,
        args,
        server: tool.server,
        blocking: this.#isBlocking(tool),
        deadline: this.#options.clock.now() + tool.timeoutMs,
      };
      this.#calls.add(call);
      this.#options.emit({ type: "toolCall", call });
    }
  }

  /** The server withdraws calls: nobody waits for their answers any more. */
  cancel(ids: readonly string[]) {
    this.#withdraw(this.#calls.take(ids), "cancelled");
  }

  /** Gives the answer to a call; `done` gets an error when nobody waits for it. */
  answer(id: string, answer: Answer, done: Done) {
    const call = this.#calls.find(id);
    if (!call)
      return done(
        new InputError(
          `The call ${id} waits for no answer: it was answered, withdrawn, or ran out of time. This answer was not sent.`,
        ),
      );
    if (!answer.willContinue) this.#calls.take([id]);
    this.#respond(id, call.name, answer, done);
  }

  /** Tells the model of the calls whose time is up. */
  watch() {
    const late = this.#calls.takeLate(this.#options.clock.now());
    for (const { id, name } of late)
      this.#respond(id, name, { response: { error: `The tool ${name} did not answer in time.` } });
    this.#withdraw(late, "timeout");
  }

  /** The conversation that the calls belong to is gone. */
  forget() {
    this.#withdraw(this.#calls.takeAll(), "lost");
  }

  #withdraw(calls: readonly Call[], reason: "cancelled" | "timeout" | "lost") {
    for (const call of calls) this.#options.emit({ type: "toolCancelled", call, reason });
  }

  #isBlocking({ declaration }: ServedTool) {
    const { blocking } = this.#options.profile;
    return blocking === "always" || (blocking === "choice" && declaration.behavior === "BLOCKING");
  }

  #respond(id: string, name: string, { response, scheduling, willContinue }: Answer, done: Done = () => {}) {
    const { profile, send } = this.#options;
    const schedules = profile.scheduling && scheduling !== undefined;
    send(
      {
        kind: "toolResponse",
        id,
        name,
        response,
        ...(schedules && { scheduling }),
        ...(willContinue && { willContinue }),
      },
      done,
    );
  }
}
