// The message that changes the instruction and the tools of an open session, on servers that take it.

import type { LiveClientContextUpdate, Tool } from "@google/genai";
import type { Setup } from "../setup/setup";

/**
 * The message that makes a session with the setup `sent` one with the setup `present`. What is not set in it stays as it is, and an
 * empty list removes all tools (docs/live-api.md 1.2).
 * @returns undefined if that needs another connection
 */
export function updateBetween(sent: Setup, present: Setup): LiveClientContextUpdate | undefined {
  const [before, after] = [sent.config.systemInstruction, present.config.systemInstruction];
  if (differ(restOf(sent), restOf(present)) || (before && !after)) return undefined;
  return {
    ...(after && differ(before, after) && { systemInstruction: after }),
    ...(differ(toolsOf(sent), toolsOf(present)) && { tools: { tools: toolsOf(present) } }),
  };
}

/** Whether the server gets something else of one setup than of another. */
export const isOther = (setup: Setup, other: Setup) =>
  differ([setup.config, setup.extra], [other.config, other.extra]);

const toolsOf = ({ config, extra }: Setup) => [config.tools ?? [], extra.tools ?? []].flat() as Tool[];

function restOf({ model, config, extra }: Setup) {
  const { systemInstruction: _instruction, tools: _tools, ...rest } = config;
  return [model, rest, { ...extra, tools: undefined }];
}

const differ = (value: unknown, other: unknown) => JSON.stringify(value) !== JSON.stringify(other);
