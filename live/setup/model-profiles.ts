// The settings and messages that each family of models accepts (docs/live-api.md 1.8). A setting that the model refuses is left out.

export interface ModelProfile {
  /** The only response modality of the model. */
  modality: "AUDIO" | "TEXT";
  /** The message that carries a text turn in an open conversation; `none`: the model accepts no text. */
  text: "clientContent" | "realtimeInput" | "none";
  /** When history may be sent: at any time, at the start only and announced in the setup, or never. */
  history: "always" | "atStart" | "never";
  /** Whether a resumed conversation may forget history that was sent (docs/live-api.md 2). */
  forgetsHistory: boolean;
  /**
   * What ends a turn: the server's turnComplete; the end of a segment of speech, because transcribe-live never sends turnComplete; or
   * silence, because live-translate sends no end at all (docs/live-api.md 1.5).
   */
  turnEnds: "turnComplete" | "segment" | "silence";
  /** Whether tool calls block: as declared, always, or never. */
  blocking: "choice" | "always" | "never";
  /** The field of a declaration that carries its JSON Schema; `parameters` takes a subset (docs/live-api.md 1.2). */
  toolSchema: "parametersJsonSchema" | "parameters";
  /** Whether tool responses may have a scheduling. */
  scheduling: boolean;
  /** Whether sound during a blocking call makes the server close the connection (docs/live-api.md 2). */
  deafWhileBlocked: boolean;
  /** The size of its context window in tokens, if known. */
  contextWindow: number | undefined;
  /** The accepted fields of thinkingConfig. */
  thinking: { levels: readonly string[]; thoughts: boolean };
  affectiveDialog: boolean;
  /** Whether speechConfig.languageCode is accepted. */
  languageCode: boolean;
}

const CURRENT: ModelProfile = {
  modality: "AUDIO",
  text: "clientContent",
  history: "always",
  forgetsHistory: false,
  turnEnds: "turnComplete",
  blocking: "choice",
  toolSchema: "parametersJsonSchema",
  scheduling: true,
  deafWhileBlocked: false,
  contextWindow: 131_072,
  thinking: { levels: [], thoughts: false },
  affectiveDialog: false,
  languageCode: false,
};

/** By the beginning of the model's name; the longest match counts. */
const FAMILIES: Record<string, ModelProfile> = {
  "gemini-3.8-live": { ...CURRENT, forgetsHistory: true },
  "gemini-3.8-live-extended-thinking": {
    ...CURRENT,
    blocking: "never",
    scheduling: false,
    thinking: { levels: ["LOW", "MEDIUM", "HIGH"], thoughts: true },
  },
  "gemini-3.5-transcribe-live": {
    ...CURRENT,
    modality: "TEXT",
    text: "none",
    history: "never",
    turnEnds: "segment",
  },
  "gemini-3.5-live-translate": { ...CURRENT, text: "none", history: "never", turnEnds: "silence" },
  "gemini-3.1-flash-live": {
    ...CURRENT,
    text: "realtimeInput",
    history: "atStart",
    blocking: "always",
    scheduling: false,
    deafWhileBlocked: true,
    thinking: { levels: ["MINIMAL", "LOW", "MEDIUM", "HIGH"], thoughts: true },
    languageCode: true,
  },
  "gemini-2.5-flash-native-audio": {
    ...CURRENT,
    toolSchema: "parameters",
    thinking: { levels: [], thoughts: true },
    affectiveDialog: true,
    languageCode: true,
  },
};

/** Unknown models get every setting as configured. */
const UNKNOWN: ModelProfile = {
  ...CURRENT,
  contextWindow: undefined,
  thinking: { levels: ["MINIMAL", "LOW", "MEDIUM", "HIGH"], thoughts: true },
  affectiveDialog: true,
  languageCode: true,
};

export const DEFAULT_MODEL = "gemini-3.8-live";

/** The profile of a model by its name, with or without `models/` in front. */
export function profileOf(model: string): ModelProfile {
  const name = model.replace(/^models\//, "");
  const family = Object.keys(FAMILIES)
    .filter((prefix) => name.startsWith(prefix))
    .sort((a, b) => b.length - a.length)[0];
  return family ? FAMILIES[family]! : UNKNOWN;
}
