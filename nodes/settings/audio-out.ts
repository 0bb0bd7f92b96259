// The settings of an audio out node.

import { sampleRates } from "../../audio/formats";
import { choice, number, table } from "./table";

export const audioOut = table({
  sampleRate: choice({
    default: "24000",
    choices: sampleRates.map(String),
    label: "Sample rate",
  }),
  frameMs: number({ default: 20, min: 10, max: 200, label: "Frame length (ms)" }),
  pacing: choice({ default: "realTime", choices: ["realTime", "burst"], label: "Pacing" }),
  sendAheadMs: number({ default: 200, min: 0, max: 5_000, label: "Send-ahead (ms)" }),
  jitterBufferMs: number({ default: 100, min: 0, max: 2_000, label: "Jitter buffer (ms)" }),
  queueLimitSeconds: number({ default: 300, min: 1, max: 3_600, label: "Queue limit (s)" }),
});
