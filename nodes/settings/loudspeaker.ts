// The settings of a loudspeaker node.

import { programChoices } from "../sound-device/programs";
import { choice, number, table, text } from "./table";

export const loudspeaker = table({
  program: choice({ default: "auto", choices: programChoices, label: "Program", icon: "cog" }),
  device: text({ default: "", label: "Device", icon: "plug", placeholder: "device" }),
  deviceBufferMs: number({ default: 100, min: 20, max: 2_000, label: "Device buffer (ms)", icon: "pause" }),
  queueLimitSeconds: number({ default: 300, min: 1, max: 3_600, label: "Queue limit (s)", icon: "database" }),
});
