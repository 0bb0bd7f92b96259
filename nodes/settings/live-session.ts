// The settings of a live session node.

import { DEFAULT_MODEL } from "../../live/setup/model-profiles";
import { choice, flag, number, reference, type SettingsOf, table, text } from "./table";

const SENSITIVITIES = ["", "LOW", "HIGH"] as const;

export const liveSession = table(
  {
    connection: reference({ type: "gemini-live-config", required: true, label: "Connection" }),
    model: text({ default: DEFAULT_MODEL, required: true, label: "Model" }),
    voice: text({ default: "", label: "Voice" }),
    instruction: text({ default: "", label: "Instruction" }),
    turnDetection: choice({
      default: "automatic",
      choices: ["automatic", "manual"],
      label: "Turn detection",
    }),
    /** Only for the dialog: the preset of the four settings below. */
    preset: choice({
      default: "",
      choices: ["", "quiet", "noisy", "telephone", "patient", "own"],
      label: "Preset",
    }),
    startSensitivity: choice({ default: "", choices: SENSITIVITIES, label: "Start sensitivity" }),
    endSensitivity: choice({ default: "", choices: SENSITIVITIES, label: "End sensitivity" }),
    silenceDurationMs: number({
      default: "",
      min: 0,
      max: 10_000,
      whole: true,
      label: "Silence duration (ms)",
    }),
    prefixPaddingMs: number({ default: "", min: 0, max: 10_000, whole: true, label: "Prefix padding (ms)" }),
    bargeIn: flag({ default: true, label: "Allow barge-in" }),
    speaksFirst: flag({ default: false, label: "Model speaks first" }),
    turnCoverage: choice({
      default: "",
      choices: ["", "ONLY_ACTIVITY", "ALL_INPUT", "AUDIO_ACTIVITY_AND_ALL_VIDEO"],
      label: "Turn coverage",
    }),
    segmentSilenceMs: number({
      default: 2_000,
      min: 500,
      max: 30_000,
      whole: true,
      label: "End of segment after (ms)",
    }),
    googleSearch: flag({ default: false, label: "Google Search" }),
    transcribeUser: flag({ default: true, label: "Transcribe the user" }),
    transcribeModel: flag({ default: true, label: "Transcribe the model" }),
    singleTurn: flag({ default: false, label: "Single turn: close after each answer" }),
    keepConversations: flag({ default: false, label: "Keep conversations across deploys and restarts" }),
    language: text({ default: "", label: "Language" }),
    temperature: number({ default: "", min: 0, max: 2, step: 0.1, label: "Temperature" }),
    thinkingLevel: choice({
      default: "",
      choices: ["", "MINIMAL", "LOW", "MEDIUM", "HIGH"],
      label: "Thinking level",
    }),
    includeThoughts: flag({ default: false, label: "Include thoughts" }),
    affectiveDialog: flag({ default: false, label: "Affective dialog" }),
  },
  {
    rules: {
      speaksFirst: {
        allows: ({ speaksFirst, singleTurn }) => !speaksFirst || !singleTurn,
        error:
          '"Model speaks first" needs a conversation of several turns: turn it off, or turn off "Single turn"',
      },
    },
  },
);

export type LiveSessionSettings = SettingsOf<typeof liveSession>;
