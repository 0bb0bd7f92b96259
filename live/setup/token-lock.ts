// The lock of an ephemeral token: the whole setup of a session or some of its fields, in the form of the token request
// (docs/live-api.md 3).

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
  thinking: ["generationConfig.thinkingConfig", "generationConfig.enableAffectiveDialog"],
  instruction: ["systemInstruction"],
  tools: ["tools"],
  turnDetection: ["realtimeInputConfig"],
  transcripts: ["inputAudioTranscription", "outputAudioTranscription"],
  compression: ["contextWindowCompression"],
} as const;

export type LockedField = keyof typeof PATHS;
export const LOCKED_FIELDS = Object.keys(PATHS) as LockedField[];

/** Locks a setup. @param fields the fields that the client cannot change besides the model; `all`: the whole setup */
export function lockOf(setup: Setup, fields: "all" | readonly LockedField[]): Lock {
  const bidiGenerateContentSetup = onTheWire(setup);
  if (fields === "all") return { bidiGenerateContentSetup };
  const paths = ["model", "generationConfig.responseModalities", ...fields.flatMap((field) => PATHS[field])];
  return { bidiGenerateContentSetup, fieldMask: paths.join(",") };
}

/** The setup as the SDK writes it: some settings are moved into generationConfig, all others keep their names and places. */
function onTheWire({ model, config, extra }: Setup): object {
  const { responseModalities, speechConfig, temperature, thinkingConfig, enableAffectiveDialog, ...rest } =
    config;
  const generationConfig = {
    responseModalities,
    speechConfig,
    temperature,
    thinkingConfig,
    enableAffectiveDialog,
  };
  return {
    model: model.startsWith("models/") ? model : `models/${model}`,
    generationConfig,
    ...rest,
    ...extra,
  };
}
