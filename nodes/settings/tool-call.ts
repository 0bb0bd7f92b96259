// The settings of a tool call node.

import { choice, number, table, text } from "./table";

export const toolCall = table({
  functionName: text({ default: "", label: "Function", icon: "wrench", placeholder: "functionName" }),
  description: text({
    default: "",
    label: "Description",
    icon: "comment-o",
    placeholder: "description",
    lines: 3,
  }),
  /** Only for the dialog: how it shows the parameters. */
  view: choice({ default: "rows", choices: ["rows", "schema"], label: "Parameters", icon: "list" }),
  /** JSON Schema as text. */
  parameters: text({ default: '{"type":"object","properties":{}}', label: "Parameters" }),
  behavior: choice({
    default: "",
    choices: ["", "BLOCKING", "NON_BLOCKING"],
    label: "Behavior",
    icon: "exchange",
  }),
  timeoutSeconds: number({ default: 30, min: 1, max: 3_600, label: "Timeout (s)", icon: "clock-o" }),
});
