// What a token locks: the setup of a session, wholly or in some of its fields, as the server's token request writes it
// (docs/live-api.md 3).

import type { Setup } from "./setup";

/** The part of a request for a token that binds its bearer. */
export interface Lock {
  /** As in the setup frame; without a mask it takes the place of the bearer's whole setup, also of its resumption handle. */
  bidiGenerateContentSetup: object;
  /** Paths of the only fields that are bound, separated by commas; one that the setup does not have is bound to nothing. */
  fieldMask?: string;
}

/** The fields that can be locked one by one, each with its paths in the setup frame. The model always is. */
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

/** Locks a setup; `fields` names what the bearer cannot change besides the model, `all` that he can change nothing. */
export function lockOf(setup: Setup, fields: "all" | readonly LockedField[]): Lock {
  const bidiGenerateContentSetup = onTheWire(setup);
  if (fields === "all") return { bidiGenerateContentSetup };
  const paths = ["model", "generationConfig.responseModalities", ...fields.flatMap((field) => PATHS[field])];
  return { bidiGenerateContentSetup, fieldMask: paths.join(",") };
}

/** The setup as the SDK writes it: some of its settings belong into generationConfig, all others keep their names and places. */
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
