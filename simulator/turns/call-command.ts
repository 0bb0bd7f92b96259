// Parses texts such as `call get_weather with {"city":"Berlin"}`, which make the simulator call functions.

import type { FunctionCall, Tools } from "../protocol/function-declarations";

/** The calls of a command, or the answer that refuses it. */
export type CallCommand = { calls: FunctionCall[] } | { refusal: string };

/** Matches JSON strings, " and ", and everything else. */
const token = /"(?:[^"\\]+|\\.)*"?|(\s+and\s+(?:call\s+)?)|[^"\s]+|\s+/gis;

/** Splits a command at " and ", except inside JSON strings. */
function split(text: string) {
  const parts = [""];
  for (const [piece, and] of text.matchAll(token))
    if (and) parts.push("");
    else parts[parts.length - 1] += piece;
  return parts;
}

/** Parses arguments. @returns undefined unless they are a JSON object */
function readArguments(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Parses `call NAME with {…} and NAME`: any number of functions, with or without arguments.
 * @returns undefined for any other text
 */
export function parseCallCommand(text: string, { functions }: Tools): CallCommand | undefined {
  const [, command] = /^\s*call\s+(\S.*)$/is.exec(text.trimEnd()) ?? [];
  if (!command) return undefined;
  const parts = split(command).map((part) => /^(\S+)(?:\s+with\s+(.+))?$/is.exec(part));
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
