// The settings of an audio in node.

import { sampleRates } from "../../audio/formats";
import { choice, number, table } from "./table";

export const audioIn = table({
  format: choice({ default: "auto", choices: ["auto", "pcm"], label: "Format" }),
  sampleRate: choice({
    default: "16000",
    choices: sampleRates.map(String),
    label: "Sample rate",
  }),
  channels: choice({ default: "1", choices: ["1", "2"], label: "Channels" }),
  frameMs: number({ default: 20, min: 10, max: 200, label: "Frame length (ms)" }),
  endAfterMs: number({ default: 1_000, min: 0, max: 60_000, label: "Stream timeout (ms)" }),
});
