// The tool calls of one conversation: passes the model's calls to the tools, and each response back once.

import type { FunctionCall, FunctionDeclaration } from "@google/genai";
import type { Clock } from "../../audio/clock";
import { type Done, type Input, resultOf, type ToolResponse } from "../input/input";
import { InputError, LiveError } from "../server/errors";
import type { ModelProfile } from "../setup/model-profiles";
import type { Call } from "../state/state";
import type { StateStore } from "../state/store";
import type { ToolEvent } from "./tool-events";

/** Maximum number of answered calls that are remembered. */
const MAX_ANSWERED = 100;

/** A tool that the model may call. */
export interface ServedTool {
  declaration: FunctionDeclaration;
  /** The id of the tool call node that serves it. */
  server: string;
  /** Milliseconds after which the call times out and the model gets an error. */
  timeoutMs: number;
  /** Returns what is wrong with the arguments, as a text for the model; undefined: nothing. */
  check(args: unknown): string | undefined;
}

/** The result of a tool call. */
export interface ToolResult {
  response: Record<string, unknown>;
  scheduling?: ToolResponse["scheduling"];
  /** More responses to the same call follow. */
  willContinue?: boolean;
}

export interface ToolDispatchOptions {
  profile: ModelProfile;
  /** The current tools; looked up for each call, because a deploy may change them. */
  tools(): readonly ServedTool[];
  state: StateStore;
  clock: Clock;
  send(input: Input, done: Done): void;
  emit(event: ToolEvent): void;
}

export class ToolDispatch {
  readonly #options: ToolDispatchOptions;
  /** Calls whose responses wait for the connection. */
  readonly #unsent = new Set<Call>();
  /** The ids of the last calls that were answered over this connection. */
  readonly #answered = new Set<string>();

  constructor(options: ToolDispatchOptions) {
    this.#options = options;
  }

  receive(functionCalls: readonly FunctionCall[]) {
    const { state, emit } = this.#options;
    const calls: Call[] = [];
    const refused: { id: string; name: string; args: Call["args"]; problem: string }[] = [];
    for (const { id, name, args = {} } of functionCalls) {
      if (!id || !name) {
        emit({
          type: "failed",
          error: new LiveError(
            "GEMINI_PROTOCOL",
            `Gemini Live: the server called a tool without ${id ? "a name" : "an id"}; the call was ignored.`,
          ),
        });
        continue;
      }
      // The server may send a call again before it has read the response: the tool must not run twice.
      if (this.#answered.has(id) || [...this.unanswered, ...calls].some((known) => known.id === id)) continue;
      const tool = this.#options.tools().find(({ declaration }) => declaration.name === name);
      const problem = tool ? tool.check(args) : `There is no tool named ${name}.`;
      if (tool && !problem) calls.push(this.#callOf(tool, id, name, args));
      else refused.push({ id, name, args, problem: problem! });
    }
    state.apply({ type: "toolsCalled", calls });
    for (const call of calls) emit({ type: "toolCall", call });
    for (const { problem, ...call } of refused) this.#send(call, { response: { error: problem } });
  }

  /** The server cancels calls: they need no response any more. */
  cancel(ids: readonly string[]) {
    this.#withdraw(
      this.#pending.filter(({ id }) => ids.includes(id)),
      "cancelled",
    );
  }

  /** Sends a response to a call; `done` gets an error if the call does not wait for one. */
  respond(id: string, result: ToolResult, done: Done) {
    const call = this.#pending.find((pending) => pending.id === id);
    if (!call)
      return done(
        new InputError(
          `The tool call ${id} waits for no response: it was answered, cancelled, or timed out. This response was not sent.`,
          "GEMINI_CALL_ENDED",
        ),
      );
    if (result.willContinue) return this.#send(call, result, done);
    this.#options.state.apply({ type: "callsSettled", ids: [id] });
    this.#unsent.add(call);
    this.#send(call, result, (error) => {
      this.#unsent.delete(call);
      done(error);
    });
  }

  /** The calls to which no response was sent. */
  get unanswered(): readonly Call[] {
    return [...this.#pending, ...this.#unsent];
  }

  /** Sends the model an error for each call that has timed out. Call it about once a second. */
  checkTimeouts() {
    const now = this.#options.clock.now();
    const late = this.#pending.filter(({ deadline }) => deadline <= now);
    this.#withdraw(late, "timeout");
    for (const call of late)
      this.#send(call, { response: { error: `The tool ${call.name} did not respond in time.` } });
  }

  /** A new connection is open: a call that the server sends again over it has lost its response. */
  onOpen() {
    this.#answered.clear();
  }

  /** A new resumption handle has come. */
  cover() {
    if (this.#pending.some(({ covered }) => !covered)) this.#options.state.apply({ type: "callsCovered" });
  }

  /** The server has resumed the conversation from before the last calls: their responses will go to the model as texts. */
  disown() {
    this.#options.state.apply({ type: "callsForgotten" });
  }

  /** The conversation that made the calls has ended. */
  forget() {
    this.#withdraw(this.#pending, "lost");
  }

  get #pending() {
    return this.#options.state.current.calls;
  }

  #callOf(tool: ServedTool, id: string, name: string, args: Record<string, unknown>): Call {
    const calledAt = this.#options.clock.now();
    return {
      id,
      name,
      args,
      server: tool.server,
      blocking: this.#isBlocking(tool),
      calledAt,
      deadline: calledAt + tool.timeoutMs,
    };
  }

  #isBlocking({ declaration }: ServedTool) {
    const { blocking } = this.#options.profile;
    return blocking === "always" || (blocking === "choice" && declaration.behavior === "BLOCKING");
  }

  #withdraw(calls: readonly Call[], reason: "cancelled" | "timeout" | "lost") {
    if (!calls.length) return;
    this.#options.state.apply({ type: "callsSettled", ids: calls.map(({ id }) => id) });
    for (const call of calls) this.#options.emit({ type: "toolCancelled", call, reason });
  }

  #send(
    {
      id,
      name,
      args,
      interrupted,
      covered,
      forgotten,
    }: Omit<Call, "server" | "blocking" | "calledAt" | "deadline">,
    { response, scheduling, willContinue }: ToolResult,
    done: Done = () => {},
  ) {
    const { profile, send } = this.#options;
    const schedules = profile.scheduling && scheduling !== undefined;
    const toolResponse: ToolResponse = {
      kind: "toolResponse",
      id,
      name,
      args,
      response,
      ...(schedules && { scheduling }),
      ...(willContinue && { willContinue }),
      answered: !interrupted && !(schedules && scheduling === "SILENT"),
      ...(covered && { covered }),
    };
    if (!willContinue) this.#remember(id);
    send(forgotten ? resultOf(toolResponse) : toolResponse, done);
  }

  #remember(id: string) {
    this.#answered.add(id);
    if (this.#answered.size > MAX_ANSWERED) this.#answered.delete(this.#answered.values().next().value!);
  }
}
