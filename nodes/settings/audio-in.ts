// The settings of an audio in node.

import { encodings, maxChannels, sampleRates } from "../../audio/formats";
import { choice, flag, number, table } from "./table";

const channelNumbers = Array.from({ length: maxChannels }, (_, i) => String(i + 1));

export const audioIn = table(
  {
    format: choice({
      default: "auto",
      choices: ["auto", "pcm", "wav", "mulaw", "alaw", "opus", "ogg"],
      label: "Format",
      icon: "file-audio-o",
    }),
    encoding: choice({
      default: "s16le",
      choices: encodings,
      label: "Encoding",
      icon: "list-ol",
      shown: { format: ["pcm"] },
    }),
    sampleRate: choice({
      default: "16000",
      choices: sampleRates.map(String),
      label: "Sample rate",
      icon: "tachometer",
      shown: { format: ["pcm"] },
    }),
    channels: choice({
      default: "1",
      choices: channelNumbers,
      label: "Channels",
      icon: "volume-up",
      shown: { format: ["pcm"] },
    }),
    channel: choice({
      default: "mix",
      choices: ["mix", ...channelNumbers],
      label: "Use channel",
      icon: "code-fork",
    }),
    gainDb: number({ default: 0, min: -40, max: 40, label: "Gain (dB)", icon: "sliders" }),
    frameMs: number({ default: 20, min: 10, max: 200, label: "Frame length (ms)", icon: "ellipsis-h" }),
    endAfterMs: number({
      default: 1_000,
      min: 0,
      max: 60_000,
      label: "Stream timeout (ms)",
      icon: "stop-circle-o",
      unit: "endAfter",
    }),
    gate: choice({
      default: "off",
      choices: ["off", "speech", "pushToTalk"],
      label: "Speech gate",
      icon: "filter",
    }),
    preRollMs: number({
      default: 500,
      min: 0,
      max: 5_000,
      label: "Pre-roll (ms)",
      icon: "step-backward",
      shown: { gate: ["speech", "pushToTalk"] },
    }),
    hangOverMs: number({
      default: 800,
      min: 100,
      max: 10_000,
      label: "Hang-over (ms)",
      icon: "step-forward",
      shown: { gate: ["speech", "pushToTalk"] },
    }),
    halfDuplex: flag({ default: false, label: "Do not listen while speaking" }),
    tailMs: number({
      default: 300,
      min: 0,
      max: 5_000,
      label: "Tail (ms)",
      icon: "deaf",
      shown: { halfDuplex: [true] },
    }),
    levelMs: number({
      default: 0,
      min: 0,
      max: 10_000,
      label: "Level event (ms)",
      icon: "bar-chart",
      unit: "level",
    }),
  },
  {
    rules: {
      channel: {
        allows: ({ format, channel, channels }) =>
          format !== "pcm" || channel === "mix" || Number(channel) <= Number(channels),
        error: "The sound does not have that many channels",
      },
    },
  },
);
