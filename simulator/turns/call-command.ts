// Finds in what the user writes that functions are to be called: there is no model here that could have the idea by itself.

import type { FunctionCall, Tools } from "../protocol/function-declarations";

/** What becomes of such a wish: calls, or words that say why not. */
export type CallCommand = { calls: FunctionCall[] } | { refusal: string };

/** Strings of JSON, " and ", and all the rest. */
const token = /"(?:[^"\\]+|\\.)*"?|(\s+and\s+(?:call\s+)?)|[^"\s]+|\s+/gis;

/** The parts between " and ", which does not count within the strings of the arguments. */
function split(text: string) {
  const parts = [""];
  for (const [piece, and] of text.matchAll(token))
    if (and) parts.push("");
    else parts[parts.length - 1] += piece;
  return parts;
}

/** The arguments; undefined when they are no JSON object. */
function readArguments(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads `call get_weather with {"city":"Berlin"} and get_time`: names with or without arguments.
 * @returns undefined when the text is something else
 */
export function parseCallCommand(text: string, { functions }: Tools): CallCommand | undefined {
  const [, wish] = /^\s*call\s+(\S.*)$/is.exec(text.trimEnd()) ?? [];
  if (!wish) return undefined;
  const parts = split(wish).map((part) => /^(\S+)(?:\s+with\s+(.+))?$/is.exec(part));
  if (!parts.every((part) => part !== null)) return undefined;
  const calls: FunctionCall[] = [];
  for (const [, name = "", json = "{}"] of parts) {
    const args = readArguments(json);
    if (!functions.has(name)) return { refusal: `I have no tool named ${name}.` };
    if (!args) return { refusal: `The arguments for ${name} are not a JSON object: ${json}` };
    calls.push({ name, args });
  }
  return { calls };
}
