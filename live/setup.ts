// From the settings of a conversation to the setup that its model accepts.

import { type LiveConnectConfig, Modality, ThinkingLevel } from "@google/genai";
import type { StallCure } from "./events";
import { type ModelProfile, profileOf } from "./models";

/** What a conversation is set up with; "" and undefined leave the choice to the server. */
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
  /** Whose speech is written down. */
  transcripts: { user: boolean; model: boolean };
  /** Who finds the beginning and the end of the user's turns: the server, or the flow by activityStart and activityEnd. */
  turnDetection: "automatic" | "manual";
  /** A conversation of one turn closes after its answer and keeps nothing. */
  singleTurn: boolean;
}

/** How a conversation is kept beyond one connection. */
export interface Continuity {
  /**
   * What is done when a connection is lost: `resume` goes on by the server's handle, `retry` begins a fresh conversation that is told
   * what was said so far, `tell` only tells.
   */
  onLoss: "resume" | "retry" | "tell";
  /** How often a connection is tried before it is given up. */
  tries: number;
  /** Lets the server drop the beginning of a context that becomes too long; in tokens, undefined leaves it to the server. */
  compression: { triggerTokens: number | undefined; targetTokens: number | undefined } | undefined;
  /** Tokens after which a conversation ends; 0: never. */
  tokenBudget: number;
  /** Milliseconds without a frame, when it is the server's turn, that count as a stall; 0: none do. */
  stallMs: number;
  stallCure: StallCure;
}

export interface Setup {
  model: string;
  config: LiveConnectConfig;
  /** Setup fields that the SDK has no name for. */
  extra: object;
  /** The settings that the model refuses, by their names, and that are therefore not sent. */
  leftOut: string[];
}

/**
 * Builds the SDK's config for a conversation, without what the model's profile refuses.
 * @param begins how the connection begins: with the handle of the conversation to go on with, or told some history
 */
export function buildSetup(
  settings: ConversationSettings,
  { onLoss, compression }: Pick<Continuity, "onLoss" | "compression">,
  begins: { handle?: string | undefined; history?: boolean } = {},
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
  if (settings.turnDetection === "manual")
    config.realtimeInputConfig = { automaticActivityDetection: { disabled: true } };
  if (onLoss === "resume" && !settings.singleTurn)
    config.sessionResumption = begins.handle ? { handle: begins.handle } : {};
  if (compression) config.contextWindowCompression = buildCompression(compression);
  const historyFirst = begins.history && profile.history === "atStart";
  const extra = historyFirst ? { historyConfig: { initialHistoryInClientContent: true } } : {};
  return { model: settings.model, config, extra, leftOut };
}

/** Without a slidingWindow the server accepts compression and does nothing (peers.md P23); its numbers are strings (live-api.md 1.2). */
function buildCompression({ triggerTokens, targetTokens }: NonNullable<Continuity["compression"]>) {
  return {
    slidingWindow: targetTokens === undefined ? {} : { targetTokens: String(targetTokens) },
    ...(triggerTokens !== undefined && { triggerTokens: String(triggerTokens) }),
  };
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
