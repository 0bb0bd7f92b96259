// The settings of a live session node.

import { checkFurtherSetup } from "../../live/setup/further-setup";
import { DEFAULT_MODEL, MODELS, PROFILES, VOICES } from "../../live/setup/model-profiles";
import { choice, flag, json, number, reference, type SettingsOf, table, terms, text } from "./table";

const SENSITIVITIES = ["", "LOW", "HIGH"] as const;
const LEVELS = ["", "LOW", "MEDIUM", "HIGH"] as const;

/** By the beginning of the model's name, the settings that make no difference for it; the first match counts. */
const UNUSED = Object.fromEntries(
  Object.entries(PROFILES).map(([family, { refuses, turnEnds }]) => [
    family,
    [...refuses.filter((name) => name !== "tools"), ...(turnEnds === "silence" ? [] : ["segmentSilenceMs"])],
  ]),
);

export const liveSession = table(
  {
    connection: reference({ type: "gemini-live-config", required: true, label: "Connection" }),
    model: text({
      default: DEFAULT_MODEL,
      required: true,
      label: "Model",
      suggestions: MODELS,
      unused: UNUSED,
    }),
    voice: text({ default: "", label: "Voice", suggestions: VOICES }),
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
    targetLanguage: text({ default: "", label: "Target language" }),
    echoTarget: flag({ default: false, label: "Repeat the target language" }),
    inputLanguages: terms({ default: "", max: 100, label: "Input languages" }),
    vocabulary: terms({ default: "", max: 1_000, label: "Vocabulary" }),
    transcriptionMode: choice({
      default: "",
      choices: ["", "VERBATIM", "SMART"],
      label: "Transcription mode",
    }),
    mediaResolution: choice({ default: "", choices: LEVELS, label: "Media resolution" }),
    temperature: number({ default: "", min: 0, max: 2, step: 0.1, label: "Temperature" }),
    thinkingLevel: choice({
      default: "",
      choices: ["", "MINIMAL", "LOW", "MEDIUM", "HIGH"],
      label: "Thinking level",
    }),
    includeThoughts: flag({ default: false, label: "Include thoughts" }),
    affectiveDialog: flag({ default: false, label: "Affective dialog" }),
    furtherSetup: json({ default: "{}", label: "Further setup" }),
  },
  {
    rules: {
      speaksFirst: {
        allows: ({ speaksFirst, singleTurn }) => !speaksFirst || !singleTurn,
        error:
          '"Model speaks first" needs a conversation of several turns: turn it off, or turn off "Single turn"',
      },
      furtherSetup: { allows: checkFurtherSetup, error: "Further setup cannot be sent" },
    },
  },
);

const OF_THE_NODE = ["connection", "preset", "keepConversations"];

/** The settings that a message can set for one conversation. */
export const PER_CONVERSATION: readonly string[] = Object.keys(liveSession.settings).filter(
  (name) => !OF_THE_NODE.includes(name),
);

export type LiveSessionSettings = SettingsOf<typeof liveSession>;
