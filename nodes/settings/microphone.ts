// The settings of a microphone node.

import { sampleRates } from "../../audio/formats";
import { programChoices } from "../sound-device/programs";
import { choice, flag, number, table, text } from "./table";

export const microphone = table({
  program: choice({ default: "auto", choices: programChoices, label: "Program" }),
  device: text({ default: "", label: "Device" }),
  sampleRate: choice({ default: "16000", choices: sampleRates.map(String), label: "Sample rate" }),
  frameMs: number({ default: 20, min: 10, max: 200, label: "Frame length (ms)" }),
  startWithFlow: flag({ default: true, label: "Start with the flow" }),
});
