// Builds the setup of a conversation from its settings, without the settings that its model refuses.

import {
  ActivityHandling,
  type AutomaticActivityDetection,
  EndSensitivity,
  type FunctionDeclaration,
  type LiveConnectConfig,
  Modality,
  type RealtimeInputConfig,
  StartSensitivity,
  ThinkingLevel,
  type Tool,
  TurnCoverage,
} from "@google/genai";
import { type ModelProfile, profileOf } from "./model-profiles";

/** The settings of a conversation; "" and undefined mean the server default. */
export interface ConversationSettings {
  model: string;
  /** A prebuilt voice, for example `Kore`. */
  voice: string;
  /** BCP-47, for example `en-US`. */
  language: string;
  /** The system instruction. */
  instruction: string;
  temperature: number | undefined;
  thinkingLevel: "" | "MINIMAL" | "LOW" | "MEDIUM" | "HIGH";
  /** Whether the model's thoughts are reported as text. */
  thoughts: boolean;
  affectiveDialog: boolean;
  /** Whose speech is transcribed. */
  transcripts: { user: boolean; model: boolean };
  /** Turn detection: automatic by the server (VAD), or manual by activityStart and activityEnd (push to talk). */
  turnDetection: "automatic" | "manual";
  /** Parameters of the VAD; undefined and "" mean the server default. The API has no MEDIUM (docs/live-api.md 1.4). */
  detection: {
    start: "" | "LOW" | "MEDIUM" | "HIGH";
    end: "" | "LOW" | "MEDIUM" | "HIGH";
    /** Silence that ends a turn, in milliseconds. */
    silenceDurationMs: number | undefined;
    /** Speech that starts a turn, in milliseconds. */
    prefixPaddingMs: number | undefined;
  };
  /** Whether the user's speech interrupts the model (barge-in). */
  bargeIn: boolean;
  /** Whether the model begins each new conversation. */
  speaksFirst: boolean;
  /** Turn coverage: the input that belongs to a turn. */
  turnCoverage: "" | "ONLY_ACTIVITY" | "ALL_INPUT" | "AUDIO_ACTIVITY_AND_ALL_VIDEO";
  /** Whether the model may use Google Search; its sources are reported as grounding. */
  googleSearch: boolean;
  /** Milliseconds of silence that end a turn of a model that does not send turnComplete (live-translate). */
  segmentSilenceMs: number;
  /** Single turn: the conversation closes after each answer and keeps nothing. */
  singleTurn: boolean;
}

/** How a conversation continues beyond one connection. */
export interface Continuity {
  /**
   * On connection loss: `resume` continues with the server's handle, `restart` starts a new conversation with the history, `report`
   * only reports it.
   */
  onConnectionLoss: "resume" | "restart" | "report";
  /** Maximum number of attempts. Opening makes at least one; after a loss, 0 means none. */
  reconnectAttempts: number;
  /** Context compression by a sliding window, in tokens; undefined numbers mean the server default. */
  compression: { triggerTokens: number | undefined; targetTokens: number | undefined } | undefined;
  /** Tokens after which a conversation ends; 0: never. */
  tokenBudget: number;
  /** Stall timeout: milliseconds without a frame while the server should send something; 0: off. */
  stallTimeoutMs: number;
  /** On stall: only an event, or also a resume. */
  onStall: "report" | "resume";
}

/** Whether the conversation continues on another connection after a loss. */
export const outlivesConnection = (
  { singleTurn }: Pick<ConversationSettings, "singleTurn">,
  { onConnectionLoss }: Pick<Continuity, "onConnectionLoss">,
) => onConnectionLoss !== "report" && !singleTurn;

/** Whether it continues with the server's resumption handle. */
export const canResume = (
  { singleTurn }: Pick<ConversationSettings, "singleTurn">,
  { onConnectionLoss }: Pick<Continuity, "onConnectionLoss">,
) => onConnectionLoss === "resume" && !singleTurn;

export interface Setup {
  model: string;
  config: LiveConnectConfig;
  /** Setup fields that the SDK does not know. */
  extra: object;
  /** Names of the settings that are not sent because the model refuses them. */
  leftOut: string[];
}

/**
 * Builds the SDK's config for a conversation, without the settings that the model refuses.
 * @param begins `handle`: of the conversation to resume; `history`: whether history follows; `tools`: their declarations
 */
export function buildSetup(
  settings: ConversationSettings,
  { onConnectionLoss, compression }: Pick<Continuity, "onConnectionLoss" | "compression">,
  begins: { handle?: string | undefined; history?: boolean; tools?: readonly FunctionDeclaration[] } = {},
): Setup {
  const profile = profileOf(settings.model);
  const leftOut: string[] = [];
  const accepted = (wanted: boolean, accepts: boolean, name: string) => {
    if (wanted && !accepts) leftOut.push(name);
    return wanted && accepts;
  };

  const config: LiveConnectConfig = { responseModalities: [Modality[profile.modality]] };
  const { voice, language, instruction, temperature, transcripts } = settings;
  if (instruction) config.systemInstruction = { role: "user", parts: [{ text: instruction }] };
  if (temperature !== undefined) config.temperature = temperature;
  if (profile.modality === "AUDIO") {
    const languageCode = accepted(!!language, profile.languageCode, "language") ? language : undefined;
    const voiceConfig = voice ? { prebuiltVoiceConfig: { voiceName: voice } } : undefined;
    if (languageCode || voiceConfig)
      config.speechConfig = { ...(languageCode && { languageCode }), ...(voiceConfig && { voiceConfig }) };
    if (transcripts.model) config.outputAudioTranscription = {};
  }
  if (transcripts.user) config.inputAudioTranscription = {};
  const thinkingConfig = buildThinking(settings, profile, accepted);
  if (thinkingConfig) config.thinkingConfig = thinkingConfig;
  if (accepted(settings.affectiveDialog, profile.affectiveDialog, "affectiveDialog"))
    config.enableAffectiveDialog = true;
  const realtimeInput = buildRealtimeInput(settings, accepted);
  if (Object.keys(realtimeInput).length) config.realtimeInputConfig = realtimeInput;
  if (canResume(settings, { onConnectionLoss }))
    config.sessionResumption = begins.handle ? { handle: begins.handle } : {};
  if (compression) config.contextWindowCompression = buildCompression(compression);
  accepted(settings.speaksFirst, profile.text !== "none", "speaksFirst");
  const tools = buildTools(settings, profile, begins.tools ?? []);
  if (tools.length) config.tools = tools;
  const historyFirst = begins.history && profile.history === "atStart";
  const extra = historyFirst ? { historyConfig: { initialHistoryInClientContent: true } } : {};
  return { model: settings.model, config, extra, leftOut };
}

/** Without slidingWindow the server accepts compression and does nothing (docs/live-api.md 2). int64 numbers are strings (1.2). */
function buildCompression({ triggerTokens, targetTokens }: NonNullable<Continuity["compression"]>) {
  return {
    slidingWindow: targetTokens === undefined ? {} : { targetTokens: String(targetTokens) },
    ...(triggerTokens !== undefined && { triggerTokens: String(triggerTokens) }),
  };
}

function buildRealtimeInput(
  { turnDetection, detection, bargeIn, turnCoverage }: ConversationSettings,
  accepted: (wanted: boolean, accepts: boolean, name: string) => boolean,
): RealtimeInputConfig {
  const sensitivity = (level: "" | "LOW" | "MEDIUM" | "HIGH", name: string) =>
    accepted(level !== "", level !== "MEDIUM", `${name} MEDIUM`) && level !== "MEDIUM" ? level : undefined;
  const start = sensitivity(detection.start, "startSensitivity");
  const end = sensitivity(detection.end, "endSensitivity");
  const { silenceDurationMs, prefixPaddingMs } = detection;
  const automatic: AutomaticActivityDetection =
    turnDetection === "manual"
      ? { disabled: true }
      : {
          ...(start && { startOfSpeechSensitivity: StartSensitivity[`START_SENSITIVITY_${start}`] }),
          ...(end && { endOfSpeechSensitivity: EndSensitivity[`END_SENSITIVITY_${end}`] }),
          ...(silenceDurationMs !== undefined && { silenceDurationMs: silenceDurationMs }),
          ...(prefixPaddingMs !== undefined && { prefixPaddingMs: prefixPaddingMs }),
        };
  return {
    ...(Object.keys(automatic).length && { automaticActivityDetection: automatic }),
    ...(!bargeIn && { activityHandling: ActivityHandling.NO_INTERRUPTION }),
    ...(turnCoverage && { turnCoverage: TurnCoverage[`TURN_INCLUDES_${turnCoverage}`] }),
  };
}

/** A model with only one behavior refuses the other (docs/live-api.md 1.8). */
function buildTools(
  { googleSearch }: ConversationSettings,
  { blocking, toolSchema }: ModelProfile,
  declarations: readonly FunctionDeclaration[],
): Tool[] {
  const functionDeclarations = declarations.map(({ behavior, parameters, parametersJsonSchema, ...rest }) => {
    const schema = toolSchema === "parameters" ? parameters : (parametersJsonSchema ?? parameters);
    return {
      ...rest,
      ...(schema && { [schema === parameters ? "parameters" : toolSchema]: schema }),
      ...(behavior && blocking === "choice" && { behavior }),
    };
  });
  return [
    ...(functionDeclarations.length ? [{ functionDeclarations }] : []),
    ...(googleSearch ? [{ googleSearch: {} }] : []),
  ];
}

function buildThinking(
  { thinkingLevel, thoughts }: ConversationSettings,
  { thinking }: ModelProfile,
  accepted: (wanted: boolean, accepts: boolean, name: string) => boolean,
): LiveConnectConfig["thinkingConfig"] {
  const level = accepted(!!thinkingLevel, thinking.levels.includes(thinkingLevel), "thinkingLevel");
  const includeThoughts = accepted(thoughts, thinking.thoughts, "thoughts");
  if (!level && !includeThoughts) return undefined;
  return {
    ...(level && thinkingLevel && { thinkingLevel: ThinkingLevel[thinkingLevel] }),
    ...(includeThoughts && { includeThoughts }),
  };
}
