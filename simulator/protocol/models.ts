// The models that the simulator knows, and what each of them takes in a setup (docs/live-api.md 1.8).

import type { Setup } from "./client-messages";
import { type Behavior, readTools } from "./function-declarations";
import { invalidArgument, modalitiesRefused, modelNotFound, Refusal } from "./refusals";

/** How one model differs from the others. */
export interface Model {
  /** The only response modality that it has. */
  answers: "AUDIO" | "TEXT";
  /** Levels for thinkingLevel, `budget` for thinkingBudget; with neither, a thinkingConfig is refused. */
  thinking: readonly string[];
  /** Behaviours that a function may have, the usual one first; without any the model takes no tools. */
  behaviors: readonly Behavior[];
  /** Whether responses may carry a scheduling. */
  scheduling: boolean;
  /** What the ids of its calls begin with; digits follow. */
  callIds: "call_" | "function-call-";
  /** Whether it withdraws pending calls when the user barges in: documented, but never seen on 3.8 (1.5). */
  cancelsCalls: boolean;
  /** Whether sound that comes while a blocking call is pending ends the connection (docs/live-api.md 2). */
  abortsOnSound: boolean;
  /** enableAffectiveDialog. */
  affective: "v1alpha" | "never";
  /** proactiveAudio: always on, or a choice on v1alpha, or not there. */
  proactive: "always" | "v1alpha" | "never";
  /** clientContent at any time, or only for the history before the first turn. */
  clientContent: "always" | "seed";
  /** Whether it still takes the deprecated realtimeInput.mediaChunks. */
  mediaChunks: boolean;
  /** Whether it takes a translationConfig. */
  translates: boolean;
  /**
   * Whether it says something before it calls functions, and the end of its turns carries an interactionStatus:
   * IN_PROGRESS as long as calls are pending.
   */
  tellsStatus: boolean;
  /** How often it tells resumption handles. */
  handles: Handles;
}

/** `once` in a connection, as measured on 3.8; or `often`, and withdrawn while it answers, as documented. */
export type Handles = "once" | "often";

const live: Model = {
  answers: "AUDIO",
  thinking: [],
  behaviors: ["NON_BLOCKING", "BLOCKING"],
  scheduling: true,
  callIds: "call_",
  cancelsCalls: false,
  abortsOnSound: false,
  affective: "never",
  proactive: "always",
  clientContent: "always",
  mediaChunks: false,
  translates: false,
  tellsStatus: false,
  handles: "once",
};

const models: Readonly<Record<string, Model>> = {
  "gemini-3.8-live": live,
  "gemini-3.8-live-extended-thinking": {
    ...live,
    thinking: ["LOW", "MEDIUM", "HIGH"],
    behaviors: ["NON_BLOCKING"],
    scheduling: false,
    tellsStatus: true,
  },
  "gemini-3.5-transcribe-live": { ...live, answers: "TEXT", behaviors: [], proactive: "never" },
  "gemini-3.5-live-translate-preview": { ...live, behaviors: [], proactive: "never", translates: true },
  "gemini-3.1-flash-live-preview": {
    ...live,
    thinking: ["MINIMAL", "LOW", "MEDIUM", "HIGH"],
    behaviors: ["BLOCKING"],
    callIds: "function-call-",
    cancelsCalls: true,
    abortsOnSound: true,
    proactive: "never",
    clientContent: "seed",
    handles: "often",
  },
  "gemini-2.5-flash-native-audio-preview-12-2025": {
    ...live,
    thinking: ["budget"],
    behaviors: ["BLOCKING", "NON_BLOCKING"],
    callIds: "function-call-",
    cancelsCalls: true,
    affective: "v1alpha",
    proactive: "v1alpha",
    mediaChunks: true,
    handles: "often",
  },
};

/** Part of generationConfig everywhere else, not allowed in Live [ai.google.dev/api/live]. */
const notInLive = ["responseLogprobs", "logprobs", "responseMimeType", "responseSchema", "stopSequences"];

function thinkingFits({ thinking }: Model, config: { thinkingBudget?: number; thinkingLevel?: string }) {
  const { thinkingBudget, thinkingLevel = "THINKING_LEVEL_UNSPECIFIED" } = config;
  if (thinkingBudget !== undefined && !thinking.includes("budget")) return false;
  if (thinkingLevel !== "THINKING_LEVEL_UNSPECIFIED" && !thinking.includes(thinkingLevel)) return false;
  return thinking.length > 0;
}

function switchesFit(model: Model, setup: Setup, version: string) {
  const affective = setup.generationConfig?.enableAffectiveDialog;
  const proactive = setup.proactivity?.proactiveAudio;
  if (affective && model.affective !== version) return false;
  return model.proactive === "always" ? proactive !== false : !proactive || model.proactive === version;
}

/**
 * Finds the setup's model and checks what this model makes of the other settings.
 * @param version the API version of the URL, `v1beta` or `v1alpha`
 * @throws Refusal as the server would
 */
export function modelFor(setup: Setup, version: string): Model {
  const path = setup.model ?? "";
  const name = path.replace(/^models\//, "");
  if (name === path)
    throw new Refusal("* BidiGenerateContentRequest.setup.model: unexpected model name format");
  if (!Object.hasOwn(models, name)) throw modelNotFound(path, version);
  const model = models[name]!;

  const config = setup.generationConfig ?? {};
  const modalities = config.responseModalities ?? [];
  if (modalities.some((modality) => modality !== model.answers)) throw modalitiesRefused(modalities);

  const { prefixPaddingMs = 0, silenceDurationMs = 0 } =
    setup.realtimeInputConfig?.automaticActivityDetection ?? {};
  const fits =
    !notInLive.some((field) => field in config) &&
    (!config.thinkingConfig || thinkingFits(model, config.thinkingConfig)) &&
    (!config.translationConfig || model.translates) &&
    switchesFit(model, setup, version) &&
    prefixPaddingMs >= 0 &&
    silenceDurationMs >= 0;
  if (!fits) throw invalidArgument();
  readTools(setup.tools ?? [], model.behaviors, "setup");
  return model;
}
