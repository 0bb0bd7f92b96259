// The settings of a microphone node.

import { sampleRates } from "../../audio/formats";
import { programChoices } from "../sound-device/programs";
import { choice, flag, number, table, text } from "./table";

export const microphone = table({
  program: choice({ default: "auto", choices: programChoices, label: "Program", icon: "cog" }),
  device: text({ default: "", label: "Device", icon: "plug", placeholder: "device" }),
  sampleRate: choice({
    default: "16000",
    choices: sampleRates.map(String),
    label: "Sample rate",
    icon: "tachometer",
  }),
  frameMs: number({ default: 20, min: 10, max: 200, label: "Frame length (ms)", icon: "ellipsis-h" }),
  startWithFlow: flag({ default: true, label: "Start with the flow" }),
});
