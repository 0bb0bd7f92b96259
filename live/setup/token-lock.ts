// The lock of an ephemeral token: the whole setup of a session or some of its fields, in the form of the token request
// (docs/live-api.md 3).

import type { LiveConnectConfig } from "@google/genai";
import { mergeSetup } from "./further-setup";
import type { Setup } from "./setup";

/** The part of a token request that locks the setup of clients with the token. */
export interface Lock {
  /** The setup in the form of the setup frame; without a mask it replaces the client's whole setup, including its resumption handle. */
  bidiGenerateContentSetup: object;
  /** Paths of the locked fields, separated by commas; a field that is missing in the setup is locked as empty. */
  fieldMask?: string;
}

/** The fields that can be locked one by one, with their paths in the setup frame. The model is always locked. */
const PATHS = {
  voice: ["generationConfig.speechConfig"],
  temperature: ["generationConfig.temperature"],
  translation: ["generationConfig.translationConfig"],
  mediaResolution: ["generationConfig.mediaResolution"],
  thinking: ["generationConfig.thinkingConfig", "generationConfig.enableAffectiveDialog"],
  instruction: ["systemInstruction"],
  tools: ["tools"],
  turnDetection: ["realtimeInputConfig"],
  transcripts: ["inputAudioTranscription", "outputAudioTranscription"],
  compression: ["contextWindowCompression"],
} as const;

export type LockedField = keyof typeof PATHS | "furtherSetup";
export const LOCKED_FIELDS = [...Object.keys(PATHS), "furtherSetup"] as LockedField[];

/** Locks a setup. @param fields the fields that the client cannot change besides the model; `all`: the whole setup */
export function lockOf(setup: Setup, fields: "all" | readonly LockedField[]): Lock {
  const bidiGenerateContentSetup = onTheWire(setup);
  if (fields === "all") return { bidiGenerateContentSetup };
  const paths = fields.flatMap((field) => (field === "furtherSetup" ? pathsOf(setup.extra) : PATHS[field]));
  const mask = new Set(["model", "generationConfig.responseModalities", ...paths]);
  return { bidiGenerateContentSetup, fieldMask: [...mask].join(",") };
}

/** The paths of further setup: its fields of generationConfig, and the others as a whole, as the SDK writes them. */
const pathsOf = ({ generationConfig = {}, ...rest }: Setup["extra"]) => [
  ...Object.keys(generationConfig as object).map((name) => `generationConfig.${name}`),
  ...Object.keys(rest),
];

/** The settings that the SDK moves into generationConfig; all others keep their names and places. */
const IN_GENERATION_CONFIG: readonly (keyof LiveConnectConfig)[] = [
  "responseModalities",
  "temperature",
  "mediaResolution",
  "speechConfig",
  "thinkingConfig",
  "enableAffectiveDialog",
  "translationConfig",
];

/** The setup as the SDK writes it. */
function onTheWire({ model, config, extra }: Setup): object {
  const isMoved = ([name]: [string, unknown]) => (IN_GENERATION_CONFIG as string[]).includes(name);
  const entries = Object.entries(config);
  const setup = {
    model: model.startsWith("models/") ? model : `models/${model}`,
    generationConfig: Object.fromEntries(entries.filter(isMoved)),
    ...Object.fromEntries(entries.filter((entry) => !isMoved(entry))),
  };
  return mergeSetup(setup, extra);
}
