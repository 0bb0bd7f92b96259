// The settings of a tool call node.

import { choice, number, table, text } from "./table";

export const toolCall = table({
  functionName: text({ default: "", label: "Function" }),
  description: text({ default: "", label: "Description" }),
  /** JSON Schema as text. */
  parameters: text({ default: '{"type":"object","properties":{}}', label: "Parameters" }),
  /** Only for the dialog: how it shows the parameters. */
  view: choice({ default: "rows", choices: ["rows", "schema"], label: "View" }),
  behavior: choice({ default: "", choices: ["", "BLOCKING", "NON_BLOCKING"], label: "Behavior" }),
  timeoutSeconds: number({ default: 30, min: 1, max: 3_600, label: "Timeout (s)" }),
});
