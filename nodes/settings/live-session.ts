// The settings of a live session node.

import { checkFurtherSetup } from "../../live/setup/further-setup";
import { DEFAULT_MODEL, MODELS, PROFILES, VOICES } from "../../live/setup/model-profiles";
import {
  choice,
  flag,
  json,
  number,
  reference,
  type Setting,
  type SettingsOf,
  tab,
  table,
  terms,
  text,
} from "./table";
import { typed } from "./variables";

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
    ...tab("conversation", {
      connection: reference({
        type: "gemini-live-config",
        required: true,
        label: "Connection",
        icon: "plug",
      }),
      model: text({
        default: DEFAULT_MODEL,
        required: true,
        label: "Model",
        suggestions: MODELS,
        unused: UNUSED,
        icon: "cube",
      }),
      ...typed(
        "voice",
        text({ default: "", label: "Voice", suggestions: VOICES, icon: "user-o", placeholder: "voice" }),
      ),
      ...typed(
        "instruction",
        text({
          default: "",
          label: "Instruction",
          icon: "comment-o",
          placeholder: "instruction",
          lines: 5,
          markdown: true,
        }),
      ),
      speaksFirst: flag({ default: false, label: "Model speaks first" }),
      ...typed(
        "targetLanguage",
        text({
          default: "",
          label: "Target language",
          icon: "globe",
          placeholder: "targetLanguage",
          special: true,
        }),
      ),
      echoTarget: flag({ default: false, label: "Repeat the target language", special: true }),
    }),
    ...tab("turnDetection", {
      turnDetection: choice({
        default: "automatic",
        choices: ["automatic", "manual"],
        label: "Turn detection",
        icon: "exchange",
      }),
      /** Only for the dialog: the preset of the four settings below. */
      preset: choice({
        default: "",
        choices: ["", "quiet", "noisy", "telephone", "patient", "own"],
        label: "Preset",
        icon: "sliders",
        shown: { turnDetection: ["automatic"] },
      }),
      startSensitivity: choice({
        default: "",
        choices: SENSITIVITIES,
        label: "Start sensitivity",
        icon: "step-forward",
        shown: { turnDetection: ["automatic"] },
      }),
      endSensitivity: choice({
        default: "",
        choices: SENSITIVITIES,
        label: "End sensitivity",
        icon: "step-backward",
        shown: { turnDetection: ["automatic"] },
      }),
      silenceDurationMs: number({
        default: "",
        min: 0,
        max: 10_000,
        whole: true,
        label: "Silence duration (ms)",
        icon: "pause",
        placeholder: "serverDefault",
        shown: { turnDetection: ["automatic"] },
      }),
      prefixPaddingMs: number({
        default: "",
        min: 0,
        max: 10_000,
        whole: true,
        label: "Prefix padding (ms)",
        icon: "indent",
        placeholder: "serverDefault",
        shown: { turnDetection: ["automatic"] },
      }),
      turnCoverage: choice({
        default: "",
        choices: ["", "ONLY_ACTIVITY", "ALL_INPUT", "AUDIO_ACTIVITY_AND_ALL_VIDEO"],
        label: "Turn coverage",
        icon: "object-group",
      }),
      mediaResolution: choice({
        default: "",
        choices: LEVELS,
        label: "Media resolution",
        icon: "image",
        special: true,
      }),
      bargeIn: flag({ default: true, label: "Allow barge-in" }),
      segmentSilenceMs: number({
        default: 2_000,
        min: 500,
        max: 30_000,
        whole: true,
        label: "End of segment after (ms)",
        icon: "clock-o",
        special: true,
      }),
    }),
    ...tab("output", {
      transcribeUser: flag({ default: true, label: "Transcribe the user" }),
      transcribeModel: flag({ default: true, label: "Transcribe the model" }),
      inputLanguages: terms({
        default: "",
        max: 100,
        label: "Input languages",
        icon: "language",
        placeholder: "inputLanguages",
        special: true,
      }),
      ...typed(
        "vocabulary",
        terms({
          default: "",
          max: 1_000,
          label: "Vocabulary",
          icon: "book",
          placeholder: "vocabulary",
          lines: 3,
          special: true,
        }),
      ),
      transcriptionMode: choice({
        default: "",
        choices: ["", "VERBATIM", "SMART"],
        label: "Transcription mode",
        icon: "pencil-square-o",
        special: true,
      }),
      includeThoughts: flag({ default: false, label: "Include thoughts" }),
    }),
    ...tab("tools", {
      googleSearch: flag({ default: false, label: "Google Search" }),
    }),
    ...tab("advanced", {
      ...typed(
        "language",
        text({ default: "", label: "Language", icon: "language", placeholder: "language" }),
      ),
      temperature: number({
        default: "",
        min: 0,
        max: 2,
        step: 0.1,
        label: "Temperature",
        icon: "thermometer-half",
        placeholder: "modelDefault",
      }),
      thinkingLevel: choice({
        default: "",
        choices: ["", "MINIMAL", "LOW", "MEDIUM", "HIGH"],
        label: "Thinking level",
        icon: "lightbulb-o",
      }),
      affectiveDialog: flag({ default: false, label: "Affective dialog" }),
      singleTurn: flag({ default: false, label: "Single turn: close after each answer" }),
      keepConversations: flag({
        default: false,
        label: "Keep conversations across deploys and restarts",
        shown: { singleTurn: [false] },
      }),
      furtherSetup: json({ default: "{}", label: "Further setup", icon: "code" }),
    }),
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
export const PER_CONVERSATION: readonly string[] = Object.entries<Setting>(liveSession.settings)
  .filter(([name, { kind }]) => kind !== "type" && !OF_THE_NODE.includes(name))
  .map(([name]) => name);

export type LiveSessionSettings = SettingsOf<typeof liveSession>;
