// Builds the setup of a conversation from its settings, without what its model refuses.

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
  /** Whether the model's thoughts come out as text. */
  thoughts: boolean;
  affectiveDialog: boolean;
  /** Whose speech is transcribed. */
  transcripts: { user: boolean; model: boolean };
  /** Who detects the user's turns: the server (VAD), or the flow by activityStart and activityEnd (push to talk). */
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
  /** Which input belongs to a turn (turn coverage). */
  turnCoverage: "" | "ONLY_ACTIVITY" | "ALL_INPUT" | "AUDIO_ACTIVITY_AND_ALL_VIDEO";
  /** Lets the model use Google Search; its sources come as grounding. */
  googleSearch: boolean;
  /** Milliseconds of silence that end a turn of a model that sends no end (live-translate). */
  segmentSilenceMs: number;
  /** The conversation closes after each answer and keeps nothing. */
  singleTurn: boolean;
}

/** How a conversation outlives one connection. */
export interface Continuity {
  /**
   * What is done when a connection is lost: `resume` continues with the server's handle, `restart` begins a fresh conversation and gives
   * it the history, `report` only reports it.
   */
  onConnectionLoss: "resume" | "restart" | "report";
  /** Attempts before a connection is given up: to open it, at least one; after a loss, 0 makes none. */
  reconnectAttempts: number;
  /** Context compression by a sliding window, in tokens; undefined numbers mean the server default. */
  compression: { triggerTokens: number | undefined; targetTokens: number | undefined } | undefined;
  /** Tokens after which a conversation ends; 0: never. */
  tokenBudget: number;
  /** Milliseconds without a frame, while the server should send something, that count as a stall; 0: none do. */
  stallTimeoutMs: number;
  /** What is done about a stall: an event alone, or a resume as well. */
  onStall: "report" | "resume";
}

/** Whether another connection continues the conversation when one is lost. */
export const outlivesConnection = (
  { singleTurn }: Pick<ConversationSettings, "singleTurn">,
  { onConnectionLoss }: Pick<Continuity, "onConnectionLoss">,
) => onConnectionLoss !== "report" && !singleTurn;

/** Whether that is a resume, by the server's handle. */
export const canResume = (
  { singleTurn }: Pick<ConversationSettings, "singleTurn">,
  { onConnectionLoss }: Pick<Continuity, "onConnectionLoss">,
) => onConnectionLoss === "resume" && !singleTurn;

export interface Setup {
  model: string;
  config: LiveConnectConfig;
  /** Setup fields that the SDK does not know. */
  extra: object;
  /** Names of the settings that the model refuses and that are therefore not sent. */
  leftOut: string[];
}

/**
 * Builds the SDK's config for a conversation, without what the model's profile refuses.
 * @param begins how the connection begins: with the handle of the conversation to resume or with history, and with tools
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

/** A model that has one behavior only refuses the other (docs/live-api.md 1.8). */
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
