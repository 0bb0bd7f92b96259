// The messages that a client sends: the table of all fields of the Live API (Gemini Developer API, not Vertex AI), and
// types for the fields that the simulator uses.

import { schema, type ToolEntry, tool } from "./function-declarations";
import { all, list, message, parseObject, readField, values } from "./proto-json";
import { invalidArgument, Refusal, setupOnce } from "./refusals";

/** Media. `data`: base64 */
export interface Blob {
  data?: string;
  mimeType?: string;
}

/** One turn of the conversation. */
export interface Content {
  role?: string;
  parts?: { text?: string; inlineData?: Blob }[];
}

/** Settings of automatic turn detection (VAD). Times in ms. */
export interface ActivityDetection {
  disabled?: boolean;
  startOfSpeechSensitivity?: string;
  endOfSpeechSensitivity?: string;
  prefixPaddingMs?: number;
  silenceDurationMs?: number;
}

/** The fields of a setup message, with camelCase names. */
export interface SetupMessage {
  model?: string;
  generationConfig?: {
    responseModalities?: string[];
    mediaResolution?: string;
    thinkingConfig?: { thinkingBudget?: number; thinkingLevel?: string };
    enableAffectiveDialog?: boolean;
    translationConfig?: { targetLanguageCode?: string };
    [other: string]: unknown;
  };
  systemInstruction?: Content;
  tools?: ToolEntry[];
  realtimeInputConfig?: { automaticActivityDetection?: ActivityDetection; activityHandling?: string };
  /** A missing or empty handle begins a new session. */
  sessionResumption?: { handle?: string };
  contextWindowCompression?: { triggerTokens?: number; slidingWindow?: { targetTokens?: number } };
  inputAudioTranscription?: object;
  outputAudioTranscription?: object;
  proactivity?: { proactiveAudio?: boolean };
  historyConfig?: { initialHistoryInClientContent?: boolean };
}

/** Audio, images and text in real time. */
export interface RealtimeInput {
  audio?: Blob;
  video?: Blob;
  text?: string;
  audioStreamEnd?: boolean;
  activityStart?: object;
  activityEnd?: object;
  mediaChunks?: Blob[];
}

/** A response to one function call. */
export interface FunctionResponse {
  id?: string;
  name?: string;
  response?: Record<string, unknown>;
  willContinue?: boolean;
  scheduling?: "SCHEDULING_UNSPECIFIED" | "SILENT" | "WHEN_IDLE" | "INTERRUPT";
}

/** A frame of the client. It has exactly one of these fields. */
export interface ClientMessage {
  setup?: SetupMessage;
  clientContent?: { turns?: Content[]; turnComplete?: boolean };
  realtimeInput?: RealtimeInput;
  toolResponse?: { functionResponses?: FunctionResponse[] };
  contextUpdate?: { systemInstruction?: Content; tools?: { tools?: ToolEntry[] } };
}

const empty = message({});
const blob = message({ data: "bytes", mimeType: "string" });
const resolution = values("MEDIA_RESOLUTION_", "UNSPECIFIED", "LOW", "MEDIUM", "HIGH");
const functionResponse = message({
  ...all("string", "id", "name"),
  response: "struct",
  willContinue: "bool",
  scheduling: values("", "SCHEDULING_UNSPECIFIED", "SILENT", "WHEN_IDLE", "INTERRUPT"),
  parts: list(message({ inlineData: blob })),
});

const content = message({
  role: "string",
  parts: list(
    message({
      text: "string",
      thought: "bool",
      thoughtSignature: "bytes",
      inlineData: blob,
      fileData: message(all("string", "mimeType", "fileUri")),
      functionCall: message({ ...all("string", "id", "name"), args: "struct" }),
      functionResponse,
      executableCode: message(all("string", "id", "language", "code")),
      codeExecutionResult: message(all("string", "id", "outcome", "output")),
      videoMetadata: message({ ...all("string", "startOffset", "endOffset"), fps: "float" }),
      mediaResolution: message({ level: resolution }),
      partMetadata: "struct",
    }),
  ),
});

const voice = message({
  prebuiltVoiceConfig: message({ voiceName: "string" }),
  replicatedVoiceConfig: message({
    mimeType: "string",
    ...all("bytes", "voiceSampleAudio", "consentAudio"),
    voiceConsentSignature: message({ signature: "string" }),
  }),
});

const transcription = message({
  ...all(list("string"), "languageCodes", "customVocabulary", "adaptationPhrases"),
  ...all("bool", "wordTimestamp", "diarization"),
  mode: values("", "MODE_UNSPECIFIED", "VERBATIM", "SMART"),
  languageAuto: empty,
  languageHints: message({ languageCodes: list("string") }),
  sourceText: "value",
});

const generationConfig = message({
  responseModalities: list(values("", "MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO")),
  ...all("float", "temperature", "topP", "topK", "presencePenalty", "frequencyPenalty"),
  ...all("int32", "maxOutputTokens", "candidateCount", "seed", "logprobs"),
  ...all("bool", "responseLogprobs", "enableAffectiveDialog", "enableEnhancedCivicAnswers"),
  mediaResolution: resolution,
  speechConfig: message({
    languageCode: "string",
    voiceConfig: voice,
    multiSpeakerVoiceConfig: message({
      speakerVoiceConfigs: list(message({ speaker: "string", voiceConfig: voice })),
    }),
  }),
  thinkingConfig: message({
    includeThoughts: "bool",
    thinkingBudget: "int32",
    thinkingLevel: values("", "THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH"),
  }),
  translationConfig: message({ targetLanguageCode: "string", echoTargetLanguage: "bool" }),
  responseMimeType: "string",
  responseSchema: schema,
  responseJsonSchema: "value",
  stopSequences: list("string"),
});

/** The fields of a setup. */
export const setup = message({
  model: "string",
  generationConfig,
  systemInstruction: content,
  tools: list(tool),
  realtimeInputConfig: message({
    automaticActivityDetection: message({
      disabled: "bool",
      startOfSpeechSensitivity: values("START_SENSITIVITY_", "UNSPECIFIED", "HIGH", "LOW"),
      endOfSpeechSensitivity: values("END_SENSITIVITY_", "UNSPECIFIED", "HIGH", "LOW"),
      ...all("int32", "prefixPaddingMs", "silenceDurationMs"),
    }),
    activityHandling: values(
      "",
      "ACTIVITY_HANDLING_UNSPECIFIED",
      "START_OF_ACTIVITY_INTERRUPTS",
      "NO_INTERRUPTION",
    ),
    turnCoverage: values(
      "TURN_",
      "COVERAGE_UNSPECIFIED",
      "INCLUDES_ONLY_ACTIVITY",
      "INCLUDES_ALL_INPUT",
      "INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
    ),
    interimTranscriptTimestampEnabled: "bool",
  }),
  // `transparent`, avatarConfig and explicitVadSignal exist on Vertex AI only.
  sessionResumption: message({ handle: "string" }),
  contextWindowCompression: message({
    triggerTokens: "int64",
    slidingWindow: message({ targetTokens: "int64" }),
  }),
  ...all(transcription, "inputAudioTranscription", "outputAudioTranscription"),
  proactivity: message(all("bool", "proactiveAudio", "proactiveVideo")),
  historyConfig: message({ initialHistoryInClientContent: "bool" }),
  safetySettings: list(message(all("string", "category", "threshold"))),
  labels: { map: "string" },
});

const frame = message({
  setup,
  clientContent: message({ turns: list(content), turnComplete: "bool" }),
  realtimeInput: message({
    ...all(blob, "audio", "video"),
    text: "string",
    audioStreamEnd: "bool",
    ...all(empty, "activityStart", "activityEnd"),
    mediaChunks: list(blob),
  }),
  toolResponse: message({ functionResponses: list(functionResponse) }),
  contextUpdate: message({ systemInstruction: content, tools: message({ tools: list(tool) }) }),
});

/**
 * Reads one frame of the client.
 * @param first whether it is the connection's first frame, which must be the setup
 * @throws Refusal for a frame that the server refuses
 */
export function readMessage(text: string, first: boolean): ClientMessage {
  const result = readField(parseObject(text), frame, "") as ClientMessage;
  const [name, second] = Object.keys(result);
  if (second)
    throw new Refusal(
      `Invalid value (oneof), oneof field 'message_type' is already set. Cannot set '${second}'`,
    );
  if (first !== (name === "setup")) throw setupOnce();
  if (!name) throw invalidArgument();
  return result;
}
