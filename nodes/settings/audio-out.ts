// The settings of an audio out node.

import { sampleRates } from "../../audio/formats";
import { deviceFormats } from "../../audio/output/packer";
import { choice, flag, number, table, text } from "./table";

export const audioOut = table(
  {
    format: choice({ default: "pcm", choices: deviceFormats, label: "Format", icon: "file-audio-o" }),
    sampleRate: choice({
      default: "24000",
      choices: sampleRates.map(String),
      label: "Sample rate",
      icon: "tachometer",
    }),
    frameMs: number({
      default: "",
      min: 10,
      max: 200,
      label: "Frame length (ms)",
      icon: "ellipsis-h",
      placeholder: "frameMs",
    }),
    bitRateKbps: number({
      default: 24,
      min: 6,
      max: 256,
      label: "Bit rate (kbit/s)",
      icon: "compress",
      shown: { format: ["opus"] },
    }),
    base64: flag({ default: false, label: "Send as base64 text" }),
    pacing: choice({
      default: "realTime",
      choices: ["realTime", "burst", "whole"],
      label: "Pacing",
      icon: "hourglass-half",
    }),
    sendAheadMs: number({
      default: 200,
      min: 0,
      max: 5_000,
      label: "Send-ahead (ms)",
      icon: "fast-forward",
      shown: { pacing: ["realTime"] },
    }),
    jitterBufferMs: number({
      default: 100,
      min: 0,
      max: 2_000,
      label: "Jitter buffer (ms)",
      icon: "pause",
      shown: { pacing: ["realTime"] },
    }),
    queueLimitSeconds: number({
      default: 300,
      min: 1,
      max: 3_600,
      label: "Queue limit (s)",
      icon: "database",
      shown: { pacing: ["realTime", "whole"] },
    }),
    flush: choice({
      default: "event",
      choices: ["event", "json", "text", "bytes"],
      label: "Flush message",
      icon: "trash-o",
    }),
    flushTemplate: text({
      default: "",
      label: "Flush template",
      icon: "pencil",
      shown: { flush: ["json", "text", "bytes"] },
    }),
  },
  {
    // Version 1 had frames of 20 ms unless it said otherwise.
    migrations: [(properties) => ({ frameMs: 20, ...properties })],
    rules: {
      sampleRate: {
        allows: ({ format, sampleRate }) =>
          format !== "opus" || ["8000", "12000", "16000", "24000", "48000"].includes(sampleRate),
        error: "Opus takes 8, 12, 16, 24 or 48 kHz",
      },
      frameMs: {
        allows: ({ format, frameMs = 20 }) => format !== "opus" || [10, 20, 40, 60].includes(frameMs),
        error: "Opus takes frames of 10, 20, 40 or 60 ms",
      },
      pacing: {
        allows: ({ format, pacing }) => format !== "opus" || pacing !== "whole",
        error: "The whole answer at once cannot be Opus packets: choose WAV, or another pacing",
      },
      flushTemplate: {
        allows: ({ flush, flushTemplate }) => {
          if (flush === "event") return true;
          if (flush === "text") return flushTemplate !== "";
          if (flush === "bytes")
            return /^(\s*([\da-f]{2}|\{\{(turn|seq|heardMs):[124]\}\}))+\s*$/i.test(flushTemplate);
          try {
            // Numbers may stand without quotation marks, and nothing else.
            JSON.parse(flushTemplate.replace(/\{\{(turn|seq|heardMs)\}\}/g, "0"));
            return true;
          } catch {
            return false;
          }
        },
        error:
          "The flush template must be a JSON value, a text, or bytes in hexadecimal such as ff {{turn:2}}, as its kind says",
      },
    },
  },
);
