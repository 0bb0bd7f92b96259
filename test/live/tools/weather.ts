// The tool that the tests of declarations and schemas declare.

import { declareTool, type ToolSettings } from "../../../live/tools/declaration";

export const declare = (settings: Partial<ToolSettings>) =>
  declareTool({
    name: "get_weather",
    description: "Tells the weather.",
    parameters: "",
    behavior: "",
    ...settings,
  });

/** Declares it with one parameter, `city`, of this schema; `more` is merged into the schema of the arguments. */
export const withCity = (city: unknown, more: object = {}) =>
  declare({ parameters: { type: "object", properties: { city }, ...more } });
