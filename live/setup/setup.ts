// Builds the setup of a conversation from its settings, without the settings that its model refuses.

import {
  ActivityHandling,
  type AudioTranscriptionConfig,
  AudioTranscriptionConfigMode,
  type AutomaticActivityDetection,
  EndSensitivity,
  type FunctionDeclaration,
  type LiveConnectConfig,
  MediaResolution,
  Modality,
  type RealtimeInputConfig,
  StartSensitivity,
  ThinkingLevel,
  type Tool,
  TurnCoverage,
} from "@google/genai";
import { type FurtherSetup, mergeSetup } from "./further-setup";
import { type ModelProfile, profileOf, type Refusable } from "./model-profiles";

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
  includeThoughts: boolean;
  affectiveDialog: boolean;
  /** Whose speech is transcribed. */
  transcripts: { user: boolean; model: boolean };
  /** The language into which a translation model translates, BCP-47; "" means English. */
  targetLanguage: string;
  /** Whether a translation model says again what already is in the target language. */
  echoTarget: boolean;
  /** The languages that a transcription model expects, BCP-47; none: it detects them. */
  inputLanguages: readonly string[];
  /** Words that a transcription model would not expect, such as names; at most 1,000 (docs/live-api.md 1.2). */
  vocabulary: readonly string[];
  /** What a transcription model writes: every word, or a text without fillers and corrections. */
  transcriptionMode: "" | "VERBATIM" | "SMART";
  /** How many tokens an image counts. */
  mediaResolution: "" | "LOW" | "MEDIUM" | "HIGH";
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
  /** Further fields of the setup frame, as checkFurtherSetup() accepts them. */
  furtherSetup: FurtherSetup;
  /** Those that a message has set for this conversation only, with the names that the flow uses. */
  own?: OwnSettings | undefined;
}

export type OwnSettings = Readonly<Record<string, unknown>>;

/** The settings that last as long as a conversation: no resume changes the model (docs/live-api.md 1.2), and its parts rely on the others. */
export const fixedPart = (settings: ConversationSettings): string => {
  const { model, turnDetection, detection, segmentSilenceMs, singleTurn, includeThoughts } = settings;
  return JSON.stringify([model, turnDetection, detection, segmentSilenceMs, singleTurn, includeThoughts]);
};

/** What a conversation has of a setting that its model refuses. */
const WITHOUT: Pick<ConversationSettings, Exclude<Refusable, "tools">> & Pick<Begins, "tools"> = {
  voice: "",
  instruction: "",
  speaksFirst: false,
  tools: [],
  googleSearch: false,
  language: "",
  targetLanguage: "",
  echoTarget: false,
  inputLanguages: [],
  vocabulary: [],
  transcriptionMode: "",
  mediaResolution: "",
  thinkingLevel: "",
  includeThoughts: false,
  affectiveDialog: false,
};

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
  { model, singleTurn }: Pick<ConversationSettings, "model" | "singleTurn">,
  { onConnectionLoss }: Pick<Continuity, "onConnectionLoss">,
) => onConnectionLoss === "resume" && !singleTurn && profileOf(model).remembers;

/** How a conversation begins. */
interface Begins {
  /** Of the conversation to resume. */
  handle?: string | undefined;
  /** Whether history follows. */
  history?: boolean;
  tools?: readonly FunctionDeclaration[];
}

export interface Setup {
  model: string;
  config: LiveConnectConfig;
  /** Fields of the setup frame that the SDK does not write, to be merged into it by mergeSetup(). */
  extra: FurtherSetup;
  /** Names of the settings that are not sent because the model refuses them. */
  leftOut: string[];
}

/** Builds the SDK's config for a conversation, without the settings that the model refuses. */
export function buildSetup(
  configured: ConversationSettings,
  { onConnectionLoss, compression }: Pick<Continuity, "onConnectionLoss" | "compression">,
  { handle, history, tools: declarations = [] }: Begins = {},
): Setup {
  const profile = profileOf(configured.model);
  const all = { ...configured, tools: declarations };
  const leftOut: string[] = profile.refuses.filter((name) => isSet(all[name]));
  const settings = { ...all, ...Object.fromEntries(profile.refuses.map((name) => [name, WITHOUT[name]])) };
  const accepted = (wanted: boolean, accepts: boolean, name: string) => {
    if (wanted && !accepts) leftOut.push(name);
    return wanted && accepts;
  };

  const config: LiveConnectConfig = { responseModalities: [Modality[profile.modality]] };
  const { voice, language, instruction, temperature, mediaResolution } = settings;
  if (instruction) config.systemInstruction = { role: "user", parts: [{ text: instruction }] };
  if (temperature !== undefined) config.temperature = temperature;
  if (mediaResolution) config.mediaResolution = MediaResolution[`MEDIA_RESOLUTION_${mediaResolution}`];
  if (language || voice)
    config.speechConfig = {
      ...(language && { languageCode: language }),
      ...(voice && { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } }),
    };
  Object.assign(config, buildTranscription(settings, profile));
  const thinkingConfig = buildThinking(settings, profile, accepted);
  if (thinkingConfig) config.thinkingConfig = thinkingConfig;
  if (settings.affectiveDialog) config.enableAffectiveDialog = true;
  const translationConfig = buildTranslation(settings, profile);
  if (translationConfig) config.translationConfig = translationConfig;
  const realtimeInput = buildRealtimeInput(settings, accepted);
  if (Object.keys(realtimeInput).length) config.realtimeInputConfig = realtimeInput;
  if (canResume(settings, { onConnectionLoss })) config.sessionResumption = handle ? { handle } : {};
  if (compression && profile.remembers) config.contextWindowCompression = buildCompression(compression);
  const tools = buildTools(settings, profile);
  if (tools.length) config.tools = tools;
  const { model, furtherSetup } = settings;
  const historyFirst = history && profile.history === "atStart";
  const extra = historyFirst
    ? mergeSetup(furtherSetup, { historyConfig: { initialHistoryInClientContent: true } })
    : furtherSetup;
  return { model, config, extra, leftOut };
}

const isSet = (value: unknown) => (Array.isArray(value) ? value.length > 0 : !!value);

/** The transcripts of both sides; a model that answers with text sends nothing but that of the user. */
function buildTranscription(
  { transcripts, inputLanguages, vocabulary, transcriptionMode }: ConversationSettings,
  { modality }: ModelProfile,
): Pick<LiveConnectConfig, "inputAudioTranscription" | "outputAudioTranscription"> {
  const input: AudioTranscriptionConfig = {
    ...(inputLanguages.length && { languageCodes: [...inputLanguages] }),
    ...(vocabulary.length && { customVocabulary: [...vocabulary] }),
    ...(transcriptionMode && { mode: AudioTranscriptionConfigMode[transcriptionMode] }),
  };
  return {
    ...((transcripts.user || modality === "TEXT") && { inputAudioTranscription: input }),
    ...(transcripts.model && modality === "AUDIO" && { outputAudioTranscription: {} }),
  };
}

/** live-translate always gets a target: without one, it was silent or guessed (docs/live-api.md 1.8). */
function buildTranslation(
  { targetLanguage, echoTarget }: ConversationSettings,
  { translates }: ModelProfile,
): LiveConnectConfig["translationConfig"] {
  if (!translates && !targetLanguage && !echoTarget) return undefined;
  return { targetLanguageCode: targetLanguage || "en", ...(echoTarget && { echoTargetLanguage: true }) };
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
  { googleSearch, tools, furtherSetup }: ConversationSettings & { tools: readonly FunctionDeclaration[] },
  { blocking, toolSchema }: ModelProfile,
): Tool[] {
  const functionDeclarations = tools.map(({ behavior, parameters, parametersJsonSchema, ...rest }) => {
    const schema = toolSchema === "parameters" ? parameters : (parametersJsonSchema ?? parameters);
    return {
      ...rest,
      ...(schema && { [schema === parameters ? "parameters" : toolSchema]: schema }),
      ...(behavior && blocking === "choice" && { behavior }),
    };
  });
  return [
    ...(functionDeclarations.length ? [{ functionDeclarations }] : []),
    ...(googleSearch && !searches(furtherSetup) ? [{ googleSearch: {} }] : []),
  ];
}

/** Whether further setup has a Google Search with parameters, in the place of ours. */
const searches = ({ tools }: FurtherSetup) =>
  Array.isArray(tools) && tools.some((tool) => "googleSearch" in tool);

function buildThinking(
  { thinkingLevel, includeThoughts }: ConversationSettings,
  { thinkingLevels }: ModelProfile,
  accepted: (wanted: boolean, accepts: boolean, name: string) => boolean,
): LiveConnectConfig["thinkingConfig"] {
  const level = accepted(!!thinkingLevel, thinkingLevels.includes(thinkingLevel), "thinkingLevel");
  if (!level && !includeThoughts) return undefined;
  return {
    ...(level && thinkingLevel && { thinkingLevel: ThinkingLevel[thinkingLevel] }),
    ...(includeThoughts && { includeThoughts }),
  };
}
