// Reads the settings of a live session that are the values of environment or context variables.

import type { Node, NodeAPI } from "node-red";
import { systemClock } from "../../audio/clock";
import { InputError } from "../../live/server/errors";
import type { ConversationSettings, OwnSettings } from "../../live/setup/setup";
import { whatIsAllowed } from "../settings/allowed";
import { accept } from "../settings/table";
import type { Variable } from "../settings/variables";

/**
 * Reads the variables as they are now.
 * @param variables by the names of their settings
 * @param timeoutMs within which each context store must answer
 * @param own the settings that replace those of the node, whose variables are not read
 * @throws InputError that names the setting whose variable has no value that can be used, or none in time
 */
export async function readVariables(
  RED: NodeAPI,
  node: Node,
  variables: Readonly<Record<string, Variable>>,
  timeoutMs: number,
  own: OwnSettings = {},
): Promise<Partial<ConversationSettings>> {
  const wanted = Object.entries(variables).filter(([name]) => !Object.hasOwn(own, name));
  const read = wanted.map(async ([name, { setting, type, variable }]) => {
    const value = await inTime(readVariable(RED, node, type, variable), timeoutMs).catch((error: Error) => {
      throw new InputError(
        `The setting "${setting.label}" cannot be read from ${type}.${variable}: ${error.message}`,
        "GEMINI_SETTING",
      );
    });
    const accepted = accept(setting, value);
    if (!accepted)
      throw new InputError(
        `The setting "${setting.label}" must be ${whatIsAllowed(setting)}; ${type}.${variable} is ${describe(value)}.`,
        "GEMINI_SETTING",
      );
    return [name, typeof accepted.value === "string" ? accepted.value.trim() : accepted.value];
  });
  return Object.fromEntries(await Promise.all(read));
}

const readVariable = (RED: NodeAPI, node: Node, type: string, variable: string): Promise<unknown> =>
  new Promise((resolve, reject) =>
    RED.util.evaluateNodeProperty(variable, type, node, {}, (error: Error | null, value: unknown) =>
      error ? reject(error) : resolve(value),
    ),
  );

/** A context store of another package may never answer. */
function inTime<T>(read: Promise<T>, timeoutMs: number): Promise<T> {
  let cancelTimeout = () => {};
  const timeout = new Promise<never>((_, reject) => {
    cancelTimeout = systemClock.after(timeoutMs, () =>
      reject(new Error(`the context store did not answer within ${timeoutMs / 1000} s`)),
    );
  });
  return Promise.race([read, timeout]).finally(cancelTimeout);
}

const describe = (value: unknown) =>
  value === undefined || value === null ? "not set" : (JSON.stringify(value) ?? String(value)).slice(0, 100);
