// The settings of a tool response node.

import { choice, number, table } from "./table";

export const toolResponse = table({
  scheduling: choice({
    default: "",
    choices: ["", "INTERRUPT", "WHEN_IDLE", "SILENT"],
    label: "Scheduling",
    icon: "clock-o",
  }),
  maxKilobytes: number({ default: 32, min: 1, max: 1_024, label: "Size limit (KB)", icon: "scissors" }),
});
