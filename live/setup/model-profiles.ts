// The settings and messages that each family of models accepts (docs/live-api.md 1.8). A setting that the model refuses is left out.

/** What only some models take: settings of a conversation, and its tools. */
export type Refusable =
  | "voice"
  | "instruction"
  | "speaksFirst"
  | "tools"
  | "googleSearch"
  | "language"
  | "targetLanguage"
  | "echoTarget"
  | "inputLanguages"
  | "vocabulary"
  | "transcriptionMode"
  | "mediaResolution"
  | "thinkingLevel"
  | "includeThoughts"
  | "affectiveDialog";

export interface ModelProfile {
  /** The only response modality of the model. */
  modality: "AUDIO" | "TEXT";
  /** The message that carries a text turn in an open conversation; `none`: the model accepts no text. */
  text: "clientContent" | "realtimeInput" | "none";
  /** When history may be sent: at any time, at the start only and announced in the setup, or never. */
  history: "always" | "atStart" | "never";
  /** Whether a turn may have images, and the history images, tool calls and their results (docs/live-api.md 1.2). */
  parts: boolean;
  /** Whether Vertex AI changes its instruction and tools in an open session (docs/live-api.md 4). */
  contextUpdate: boolean;
  /** Whether a resumed conversation may forget history that was sent (docs/live-api.md 2). */
  forgetsHistory: boolean;
  /**
   * What ends a turn: the server's turnComplete; the end of a segment of speech, because transcribe-live never sends turnComplete; or
   * silence, because live-translate sends no end at all (docs/live-api.md 1.5).
   */
  turnEnds: "turnComplete" | "segment" | "silence";
  /** Whether the model translates: it then always gets a target language (docs/live-api.md 1.8). */
  translates: boolean;
  /** Whether the conversation outlives a connection on the server: it gives handles, and compresses its context. */
  remembers: boolean;
  /** Whether tool calls block: as declared, always, or never. */
  blocking: "choice" | "always" | "never";
  /** The field of a declaration that carries its JSON Schema; `parameters` takes a subset (docs/live-api.md 1.2). */
  toolSchema: "parametersJsonSchema" | "parameters";
  /** Whether tool responses may have a scheduling. */
  scheduling: boolean;
  /** Whether sound during a blocking call makes the server close the connection (docs/live-api.md 2). */
  deafWhileBlocked: boolean;
  /** Milliseconds from activityEnd to the next activityStart: sooner, transcribe-live merges two texts (docs/live-api.md 1.8). */
  activityGapMs: number;
  /** The size of its context window in tokens, if known. */
  contextWindow: number | undefined;
  /** The values of `thinkingLevel` that it accepts, unless it refuses the setting. */
  thinkingLevels: readonly string[];
  refuses: readonly Refusable[];
}

const TRANSLATION = ["targetLanguage", "echoTarget"] as const;
const TRANSCRIPTION = ["inputLanguages", "vocabulary", "transcriptionMode"] as const;
/** What the models that only listen refuse; they take sound alone. */
const DIALOG = [
  "voice",
  "instruction",
  "speaksFirst",
  "tools",
  "googleSearch",
  "language",
  "mediaResolution",
  "thinkingLevel",
  "includeThoughts",
  "affectiveDialog",
] as const;

const CURRENT: ModelProfile = {
  modality: "AUDIO",
  text: "clientContent",
  history: "always",
  parts: true,
  contextUpdate: false,
  forgetsHistory: false,
  turnEnds: "turnComplete",
  translates: false,
  remembers: true,
  blocking: "choice",
  toolSchema: "parametersJsonSchema",
  scheduling: true,
  deafWhileBlocked: false,
  activityGapMs: 0,
  contextWindow: 131_072,
  thinkingLevels: ["MINIMAL", "LOW", "MEDIUM", "HIGH"],
  refuses: [
    "language",
    "thinkingLevel",
    "includeThoughts",
    "affectiveDialog",
    ...TRANSLATION,
    ...TRANSCRIPTION,
  ],
};

/** By the beginning of the model's name; the first match counts. */
const FAMILIES: Record<string, ModelProfile> = {
  "gemini-3.8-live-extended-thinking": {
    ...CURRENT,
    blocking: "never",
    scheduling: false,
    thinkingLevels: ["LOW", "MEDIUM", "HIGH"],
    refuses: ["language", "affectiveDialog", ...TRANSLATION, ...TRANSCRIPTION],
  },
  "gemini-3.8-live": { ...CURRENT, contextUpdate: true, forgetsHistory: true },
  "gemini-3.5-transcribe-live": {
    ...CURRENT,
    modality: "TEXT",
    text: "none",
    history: "never",
    turnEnds: "segment",
    remembers: false,
    activityGapMs: 500,
    refuses: [...DIALOG, ...TRANSLATION],
  },
  "gemini-3.5-live-translate": {
    ...CURRENT,
    text: "none",
    history: "never",
    turnEnds: "silence",
    translates: true,
    refuses: [...DIALOG, ...TRANSCRIPTION],
  },
  "gemini-3.1-flash-live": {
    ...CURRENT,
    text: "realtimeInput",
    history: "atStart",
    parts: false,
    blocking: "always",
    scheduling: false,
    deafWhileBlocked: true,
    refuses: ["affectiveDialog", ...TRANSLATION, ...TRANSCRIPTION],
  },
  "gemini-2.5-flash-native-audio": {
    ...CURRENT,
    toolSchema: "parameters",
    refuses: ["thinkingLevel", ...TRANSLATION, ...TRANSCRIPTION],
  },
};

/** Unknown models get every setting as configured. */
const UNKNOWN: ModelProfile = { ...CURRENT, contextWindow: undefined, refuses: [] };

export const DEFAULT_MODEL = "gemini-3.8-live";

/** The models that the dialog suggests, one for each family. */
export const MODELS = [
  DEFAULT_MODEL,
  "gemini-3.8-live-extended-thinking",
  "gemini-3.5-live-translate-preview",
  "gemini-3.5-transcribe-live",
  "gemini-3.1-flash-live-preview",
  "gemini-2.5-flash-native-audio-preview-12-2025",
] as const;

/** The prebuilt voices (docs/live-api.md 1.8). */
export const VOICES = (
  "Zephyr Puck Charon Kore Fenrir Leda Orus Aoede Callirrhoe Autonoe Enceladus Iapetus Umbriel Algieba Despina " +
  "Erinome Algenib Rasalgethi Laomedeia Achernar Alnilam Schedar Gacrux Pulcherrima Achird Zubenelgenubi " +
  "Vindemiatrix Sadachbia Sadaltager Sulafat"
).split(" ");

/** The profiles by the beginnings of the models' names, in the order in which they are compared. */
export const PROFILES: Readonly<Record<string, ModelProfile>> = FAMILIES;

/** The profile of a model by its name, with or without `models/` in front. */
export function profileOf(model: string): ModelProfile {
  const name = model.replace(/^models\//, "");
  const family = Object.keys(FAMILIES).find((prefix) => name.startsWith(prefix));
  return family ? FAMILIES[family]! : UNKNOWN;
}
