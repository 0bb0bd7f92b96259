// What the values of a setting are, in words, for errors.

import type { Setting } from "./kinds";

/** Completes "must be". */
export function whatIsAllowed(setting: Setting): string {
  switch (setting.kind) {
    case "number": {
      const range = `a ${setting.whole ? "whole " : ""}number from ${setting.min} to ${setting.max}`;
      return setting.default === "" ? `${range}, or empty for the server default` : range;
    }
    case "choice":
    case "type":
      return `one of ${setting.choices.map((choice) => choice || '""').join(", ")}`;
    case "list":
      return `a list of ${setting.choices.join(", ")}, separated by commas`;
    case "flag":
      return "true or false";
    case "text":
      return setting.required ? "a text that is not empty" : "a text";
    case "terms":
      return `at most ${setting.max} texts, separated by commas or new lines, or a list of them`;
    case "json":
      return "a JSON object";
    case "node":
      return `a node of the type "${setting.type}"`;
  }
}
