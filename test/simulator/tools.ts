// What the tests of function calls share.

import type { SimulatorOptions } from "../../simulator/server";
import { type Client, converse, NATIVE } from "./client";

export { NATIVE };

export const EXTENDED = "models/gemini-3.8-live-extended-thinking";
export const FLASH = "models/gemini-3.1-flash-live-preview";
export const invalid = { code: 1007, reason: "Request contains an invalid argument." };

/** A setup's declarations of functions. */
export const declare = (...functions: (string | object)[]) => ({
  tools: [
    { functionDeclarations: functions.map((each) => (typeof each === "string" ? { name: each } : each)) },
  ],
});
export const blocking = (name: string) => ({ name, behavior: "BLOCKING" });

export const write = (text: string) => ({ realtimeInput: { text } });
export const respond = (...functionResponses: object[]) => ({ toolResponse: { functionResponses } });

/** A conversation with the functions f and g. `blocks`: both are blocking; absent: the model's default */
export function withTools(
  setup: { blocks?: boolean; model?: string; [other: string]: unknown } = {},
  options: SimulatorOptions = {},
) {
  const { blocks, ...rest } = setup;
  const tools = blocks ? declare(blocking("f"), blocking("g")) : declare("f", "g");
  return converse({ ...tools, ...rest }, options);
}

/** All received calls. */
export const calls = (client: Client) =>
  client.of("toolCall").flatMap((frame) => frame.toolCall!.functionCalls);

/** Clears the frames and makes the model call functions. @returns their ids */
export async function call(client: Client, text: string) {
  client.frames = [];
  client.send(write(text));
  await client.run(401);
  return calls(client).map(({ id }) => id);
}
