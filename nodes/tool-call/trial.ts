// Tries a tool call from its dialog: sends a call with example arguments into the branch, and says what came back.

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { NodeAPI } from "node-red";
import type { Clock } from "../../audio/clock";
import type { Done } from "../../live/input/input";
import { InputError } from "../../live/server/errors";
import type { ToolResult } from "../../live/tools/tool-dispatch";
import type { CallerNode } from "../flow/node-types";
import type { AnnouncedTool } from "../flow/tool-discovery";

/** What the dialog shows: the arguments, and the settings that they are for. */
export interface TrialRequest {
  args: unknown;
  functionName: string;
  /** JSON Schema as text. */
  parameters: string;
}

/** `failed`: the tool response has an error. `silent`: none came in time. */
type Ending = { outcome: "answered" | "failed"; response: unknown } | { outcome: "silent" | "stopped" };

/** What the dialog gets. */
export type TrialResult =
  /** `ms` since the call. */
  | (Ending & { ms: number })
  /** `undeployed`: no such node runs, or its settings are invalid. `changed`: it runs with other settings than the dialog shows. */
  | { outcome: "undeployed" | "changed" | "busy" }
  | { outcome: "invalid"; problem: string };

const STATUS: Partial<Record<TrialResult["outcome"], number>> = {
  undeployed: 404,
  changed: 409,
  busy: 409,
  invalid: 422,
};

/** The session key of the calls, which belong to no conversation. */
const SESSION = "try";

/** A tool call node whose settings are valid. */
export interface TriableNode extends CallerNode {
  trial?: Trial;
}

/** The trials of one tool call node, one at a time. */
export class Trial {
  readonly #node: CallerNode;
  readonly #tool: AnnouncedTool;
  /** JSON Schema as text. */
  readonly #parameters: string;
  readonly #clock: Clock;
  #pending: { id: string; settle(ending: Ending): void } | undefined;

  constructor(node: CallerNode, tool: AnnouncedTool, parameters: string, clock: Clock) {
    this.#node = node;
    this.#tool = tool;
    this.#parameters = parameters;
    this.#clock = clock;
  }

  /**
   * Sends a call into the branch, and waits for its tool response as long as a live session does.
   * @param signal stops it
   * @throws an error if the arguments are nested too deeply to be copied
   */
  async run({ args, functionName, parameters }: TrialRequest, signal: AbortSignal): Promise<TrialResult> {
    if (this.#pending) return { outcome: "busy" };
    const { name } = this.#tool.declaration;
    if (functionName !== name || !isSameJson(parameters, this.#parameters)) return { outcome: "changed" };
    const problem = this.#tool.check(args);
    if (problem) return { outcome: "invalid", problem };
    const id = `try_${randomUUID()}`;
    const identity = {
      toolCall: { id, name, node: this.#node.id, session: SESSION, tool: this.#node.id },
      session: SESSION,
    };
    const calledAt = this.#clock.now();
    return new Promise((resolve, reject) => {
      const withdraw = (outcome: "silent" | "stopped", reason: "timeout" | "cancelled") => {
        settle({ outcome });
        this.#node.send([null, { event: "cancelled", payload: { reason }, ...identity }]);
      };
      const stop = () => withdraw("stopped", "cancelled");
      const cancelTimeout = this.#clock.after(this.#tool.timeoutMs, () => withdraw("silent", "timeout"));
      const end = () => {
        this.#pending = undefined;
        cancelTimeout();
        signal.removeEventListener("abort", stop);
      };
      const settle = (ending: Ending) => {
        end();
        resolve({ ...ending, ms: Math.round(this.#clock.now() - calledAt) });
      };
      signal.addEventListener("abort", stop);
      this.#pending = { id, settle };
      try {
        this.#node.send([{ payload: args, ...identity }, null]);
      } catch (error) {
        end();
        reject(error);
      }
    });
  }

  /** Takes a tool response; `done` gets an error if no trial waits for it. A response that others follow ends no trial. */
  respond(id: string, { response, willContinue }: ToolResult, done: Done) {
    if (this.#pending?.id !== id)
      return done(
        new InputError(
          `The tool call ${id} waits for no response: it was answered, stopped, or timed out. This response was not sent.`,
          "GEMINI_CALL_ENDED",
        ),
      );
    const outcome = "error" in response ? "failed" : "answered";
    if (!willContinue) this.#pending.settle({ outcome, response: response.error ?? response.output });
    done();
  }

  /** The node closes, as at a deploy. */
  close() {
    this.#pending?.settle({ outcome: "stopped" });
  }
}

/**
 * Serves `POST gemini-tool-call/<id of the node>/try`, which answers a TrialRequest with a TrialResult. Requires the permission to change
 * flows, which could do the same with a deploy. A dialog that is closed stops its trial.
 */
export function serveTrials(RED: NodeAPI): void {
  RED.httpAdmin.post(
    "/gemini-tool-call/:id/try",
    RED.auth.needsPermission("flows.write"),
    (request, response) => {
      const node = RED.nodes.getNode(String(request.params.id)) as TriableNode | null;
      const dialog = new AbortController();
      response.on("close", () => dialog.abort());
      const answer = (result: TrialResult) => {
        if (!dialog.signal.aborted) response.status(STATUS[result.outcome] ?? 200).json(result);
      };
      if (!node?.trial) return answer({ outcome: "undeployed" });
      node.trial
        .run(request.body ?? {}, dialog.signal)
        .catch(
          (error: Error): TrialResult => ({
            outcome: "invalid",
            problem: `The arguments cannot be sent: ${error.message}`,
          }),
        )
        .then(answer);
    },
  );
}

function isSameJson(a: unknown, b: string): boolean {
  try {
    return a === b || isDeepStrictEqual(JSON.parse(String(a)), JSON.parse(b));
  } catch {
    return false;
  }
}
