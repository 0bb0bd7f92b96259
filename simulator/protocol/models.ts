// The models of the simulator, and the settings that each of them accepts (docs/live-api.md 1.8).

import { type Behavior, readTools } from "./function-declarations";
import type { SetupMessage } from "./message-schema";
import {
  internalError,
  invalidArgument,
  modalitiesRefused,
  modelNotFound,
  noVoices,
  publisherModelNotFound,
  Refusal,
} from "./refusals";
import type { Range } from "./variation";
import { type Api, modelName } from "./vertex";

/** The prefix of call ids, and their number of digits. */
export type CallIdForm = readonly [prefix: string, digits: Range];

/** The properties in which models differ. */
export interface Model {
  /** The only response modality. */
  answers: "AUDIO" | "TEXT";
  /** Whether the setup must name AUDIO: 2.5, whose default is text, which it refuses (docs/live-api.md 1.8). */
  needsModality: boolean;
  /** The refusal of other response modalities; the words differ by model (docs/live-api.md 1.8). */
  modalityRefusal(asked: readonly string[]): Refusal;
  /** Values of thinkingLevel, or `budget` for thinkingBudget. Empty: the model refuses a thinkingConfig. */
  thinking: readonly string[];
  /** Whether the model thinks unless its setup says otherwise (docs/live-api.md 1.8). */
  thinks: boolean;
  /** Behaviors of functions, the default first. Empty: the model supports no tools. */
  behaviors: readonly Behavior[];
  /** Whether tool responses may have a scheduling. */
  scheduling: boolean;
  /** The form of call ids by behavior (docs/live-api.md 1.3). */
  callIds: Readonly<Record<Behavior, CallIdForm>>;
  /** Whether barge-in cancels pending calls: documented, but never seen on 3.8 (docs/live-api.md 1.5). */
  cancelsCalls: boolean;
  /** Whether a blocking call ends the turn, and the answer about its response is a turn of its own: 2.5. */
  callsEndTurn: boolean;
  /** Whether audio during a pending blocking call closes the connection (docs/live-api.md 2). */
  abortsOnAudio: boolean;
  /** The API version that accepts enableAffectiveDialog. */
  affective: "v1alpha" | "never";
  /** proactiveAudio: always on, optional on v1alpha, or refused. */
  proactive: "always" | "v1alpha" | "never";
  /** clientContent at any time, or only as history before the first turn. */
  clientContent: "always" | "seed";
  /** Whether every turn of clientContent needs a role: 3.1 and 3.8. */
  needsRole: boolean;
  /** Whether the model accepts the deprecated realtimeInput.mediaChunks. */
  mediaChunks: boolean;
  /** What the model does with speech. A translationConfig makes no model translate that does not (docs/live-api.md 1.8). */
  task: "talk" | "transcribe" | "translate";
  /**
   * Whether the model speaks a filler before it calls functions, and sends an interactionStatus with turnComplete:
   * IN_PROGRESS while calls are pending.
   */
  sendsStatus: boolean;
  /** Whether a frame may have several fields, and frames without any come between: 3.x (docs/live-api.md 1.3). */
  joinsFields: boolean;
  /** How often the model sends resumption handles. */
  handles: Handles;
  /** How long after a clean close the first resume is refused, in ms; measured on 3.8 only. */
  refusesResumeMs: number;
}

/** `once` per connection, as measured on 3.8; `often`, and not resumable during an answer, as documented; or never. */
export type Handles = "once" | "often" | "never";

/** The call ids of 2.x; those of 3.1 are assumed to be the same. */
const functionCallId: CallIdForm = ["function-call-", { least: 19, usual: 19, most: 20 }];

const live: Model = {
  answers: "AUDIO",
  needsModality: false,
  modalityRefusal: modalitiesRefused,
  thinking: [],
  thinks: true,
  behaviors: ["NON_BLOCKING", "BLOCKING"],
  scheduling: true,
  callIds: {
    BLOCKING: ["fc_", { least: 19, usual: 19, most: 20 }],
    NON_BLOCKING: ["call_", { least: 6, usual: 7, most: 7 }],
  },
  cancelsCalls: false,
  callsEndTurn: false,
  abortsOnAudio: false,
  affective: "never",
  proactive: "always",
  clientContent: "always",
  needsRole: true,
  mediaChunks: false,
  task: "talk",
  sendsStatus: false,
  joinsFields: true,
  handles: "once",
  refusesResumeMs: 0,
};

const models: Readonly<Record<string, Model>> = {
  "gemini-3.8-live": { ...live, refusesResumeMs: 8000 },
  "gemini-3.8-live-extended-thinking": {
    ...live,
    thinking: ["LOW", "MEDIUM", "HIGH"],
    behaviors: ["NON_BLOCKING"],
    scheduling: false,
    sendsStatus: true,
  },
  "gemini-3.5-transcribe-live": {
    ...live,
    answers: "TEXT",
    thinks: false,
    behaviors: [],
    proactive: "never",
    needsRole: false,
    mediaChunks: true,
    task: "transcribe",
    handles: "never",
  },
  "gemini-3.5-live-translate-preview": {
    ...live,
    thinks: false,
    behaviors: [],
    proactive: "never",
    needsRole: false,
    task: "translate",
  },
  "gemini-3.1-flash-live-preview": {
    ...live,
    modalityRefusal: (asked) => (asked.includes("AUDIO") ? modalitiesRefused(asked) : internalError()),
    thinking: ["MINIMAL", "LOW", "MEDIUM", "HIGH"],
    thinks: false,
    behaviors: ["BLOCKING"],
    callIds: { BLOCKING: functionCallId, NON_BLOCKING: functionCallId },
    cancelsCalls: true,
    abortsOnAudio: true,
    proactive: "never",
    clientContent: "seed",
    handles: "often",
  },
  "gemini-2.5-flash-native-audio-preview-12-2025": {
    ...live,
    needsModality: true,
    modalityRefusal: (asked) => (asked.includes("AUDIO") ? invalidArgument() : noVoices()),
    thinking: ["budget"],
    behaviors: ["BLOCKING", "NON_BLOCKING"],
    callIds: { BLOCKING: functionCallId, NON_BLOCKING: functionCallId },
    cancelsCalls: true,
    callsEndTurn: true,
    affective: "v1alpha",
    proactive: "v1alpha",
    needsRole: false,
    mediaChunks: true,
    joinsFields: false,
    handles: "often",
  },
};

/** Fields of generationConfig that the Live API refuses [ai.google.dev/api/live]. */
const notInLive = ["responseLogprobs", "logprobs", "responseMimeType", "responseSchema", "stopSequences"];

function thinkingFits({ thinking }: Model, config: { thinkingBudget?: number; thinkingLevel?: string }) {
  const { thinkingBudget, thinkingLevel = "THINKING_LEVEL_UNSPECIFIED" } = config;
  if (thinkingBudget !== undefined && !thinking.includes("budget")) return false;
  if (thinkingLevel !== "THINKING_LEVEL_UNSPECIFIED" && !thinking.includes(thinkingLevel)) return false;
  return thinking.length > 0;
}

function switchesFit(model: Model, setup: SetupMessage, version: string) {
  const affective = setup.generationConfig?.enableAffectiveDialog;
  const proactive = setup.proactivity?.proactiveAudio;
  if (affective && model.affective !== version) return false;
  return model.proactive === "always" ? proactive !== false : !proactive || model.proactive === version;
}

/**
 * Finds the setup's model, and checks the other settings against it.
 * @param api the API of the URL
 * @throws Refusal for an unknown model, or for settings that the model refuses
 */
export function modelFor(setup: SetupMessage, api: Api): Model {
  const path = setup.model ?? "";
  const name = modelName(path, api);
  if (name === undefined)
    throw new Refusal("* BidiGenerateContentRequest.setup.model: unexpected model name format");
  if (!Object.hasOwn(models, name))
    throw api.isVertex ? publisherModelNotFound() : modelNotFound(path, api.version);
  const model = models[name]!;

  const config = setup.generationConfig ?? {};
  const modalities = config.responseModalities ?? [];
  const missing = model.needsModality && !modalities.length;
  if (missing || modalities.some((modality) => modality !== model.answers))
    throw model.modalityRefusal(modalities);

  const { prefixPaddingMs = 0, silenceDurationMs = 0 } =
    setup.realtimeInputConfig?.automaticActivityDetection ?? {};
  const fits =
    !notInLive.some((field) => field in config) &&
    (!config.thinkingConfig || thinkingFits(model, config.thinkingConfig)) &&
    (!config.translationConfig || model.task !== "transcribe") &&
    switchesFit(model, setup, api.version) &&
    prefixPaddingMs >= 0 &&
    silenceDurationMs >= 0;
  if (!fits) throw invalidArgument();
  readTools(setup.tools ?? [], model.behaviors, "setup");
  return model;
}
