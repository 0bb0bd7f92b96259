// Every field of the setup in the types of the installed SDK: reached by a setting or by further setup, as a server gets it, or left
// out for a reason.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { openSocket } from "../../../live/connection/socket";
import { checkFurtherSetup, type FurtherSetup } from "../../../live/setup/further-setup";
import { buildSetup, type ConversationSettings } from "../../../live/setup/setup";
import { lockOf } from "../../../live/setup/token-lock";
import { opened } from "../../clean-up";
import { TestClock } from "../../clock";
import { acceptSetup, type FarEnd, startFarEnd } from "../../far-end";
import { fieldsOf } from "../../frames/sdk-types";
import { serverAt, settings } from "../talk";

/** The messages of the setup frame by their paths, with their types in the SDK. `[]` stands for the entries of a list. */
const MESSAGES: Record<string, string> = {
  "": "LiveClientSetup",
  generationConfig: "GenerationConfig",
  "generationConfig.speechConfig": "SpeechConfig",
  "generationConfig.speechConfig.voiceConfig": "VoiceConfig",
  "generationConfig.speechConfig.voiceConfig.prebuiltVoiceConfig": "PrebuiltVoiceConfig",
  "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig": "ReplicatedVoiceConfig",
  "generationConfig.thinkingConfig": "ThinkingConfig",
  "generationConfig.translationConfig": "TranslationConfig",
  "tools[]": "Tool",
  "tools[].googleSearch": "GoogleSearch",
  realtimeInputConfig: "RealtimeInputConfig",
  "realtimeInputConfig.automaticActivityDetection": "AutomaticActivityDetection",
  sessionResumption: "SessionResumptionConfig",
  contextWindowCompression: "ContextWindowCompressionConfig",
  "contextWindowCompression.slidingWindow": "SlidingWindow",
  inputAudioTranscription: "AudioTranscriptionConfig",
  outputAudioTranscription: "AudioTranscriptionConfig",
  proactivity: "ProactivityConfig",
  historyConfig: "HistoryConfig",
  "safetySettings[]": "SafetySetting",
};

const extended = "gemini-3.8-live-extended-thinking";
const native = "gemini-2.5-flash-native-audio-preview-12-2025";
const translate = "gemini-3.5-live-translate-preview";
const transcribe = "gemini-3.5-transcribe-live";
const detection = (more: object) => ({ detection: { ...settings.detection, ...more } });
const compression = { triggerTokens: 20_000, targetTokens: 8_000 };

/** What is sent for settings of the live session, its connection and its tools. */
type Reached = [
  value: unknown,
  settings: Partial<ConversationSettings>,
  begins?: Parameters<typeof buildSetup>[2],
];
const voice = "generationConfig.speechConfig.voiceConfig.";
const activity = "realtimeInputConfig.automaticActivityDetection.";
const BY_SETTINGS: Record<string, Reached> = {
  model: ["models/gemini-3.8-live", {}],
  systemInstruction: [{ role: "user", parts: [{ text: "Be brief." }] }, { instruction: "Be brief." }],
  "generationConfig.responseModalities": [["AUDIO"], {}],
  "generationConfig.temperature": [0.5, { temperature: 0.5 }],
  "generationConfig.mediaResolution": ["MEDIA_RESOLUTION_LOW", { mediaResolution: "LOW" }],
  "generationConfig.enableAffectiveDialog": [true, { model: native, affectiveDialog: true }],
  "generationConfig.speechConfig.languageCode": ["de-DE", { model: native, language: "de-DE" }],
  [`${voice}prebuiltVoiceConfig.voiceName`]: ["Kore", { voice: "Kore" }],
  "generationConfig.thinkingConfig.thinkingLevel": ["LOW", { model: extended, thinkingLevel: "LOW" }],
  "generationConfig.thinkingConfig.includeThoughts": [true, { model: extended, includeThoughts: true }],
  "generationConfig.translationConfig.targetLanguageCode": ["de", { model: translate, targetLanguage: "de" }],
  "generationConfig.translationConfig.echoTargetLanguage": [true, { model: translate, echoTarget: true }],
  "tools[].functionDeclarations": [[{ name: "f" }], {}, { tools: [{ name: "f" }] }],
  "tools[].googleSearch": [{}, { googleSearch: true }],
  [`${activity}disabled`]: [true, { turnDetection: "manual" }],
  [`${activity}startOfSpeechSensitivity`]: ["START_SENSITIVITY_LOW", detection({ start: "LOW" })],
  [`${activity}endOfSpeechSensitivity`]: ["END_SENSITIVITY_LOW", detection({ end: "LOW" })],
  [`${activity}prefixPaddingMs`]: [20, detection({ prefixPaddingMs: 20 })],
  [`${activity}silenceDurationMs`]: [700, detection({ silenceDurationMs: 700 })],
  "realtimeInputConfig.activityHandling": ["NO_INTERRUPTION", { bargeIn: false }],
  "realtimeInputConfig.turnCoverage": ["TURN_INCLUDES_ALL_INPUT", { turnCoverage: "ALL_INPUT" }],
  "sessionResumption.handle": ["a-handle", {}, { handle: "a-handle" }],
  "contextWindowCompression.triggerTokens": ["20000", {}],
  "contextWindowCompression.slidingWindow.targetTokens": ["8000", {}],
  "inputAudioTranscription.languageCodes": [["de-DE"], { model: transcribe, inputLanguages: ["de-DE"] }],
  "inputAudioTranscription.customVocabulary": [["Modbus"], { model: transcribe, vocabulary: ["Modbus"] }],
  "inputAudioTranscription.mode": ["SMART", { model: transcribe, transcriptionMode: "SMART" }],
  "historyConfig.initialHistoryInClientContent": [
    true,
    { model: "gemini-3.1-flash-live-preview" },
    { history: true },
  ],
};

/** What further setup can send: an example of each. */
const BY_FURTHER_SETUP: Record<string, unknown> = {
  "generationConfig.topP": 0.9,
  "generationConfig.topK": 40,
  "generationConfig.maxOutputTokens": 500,
  "generationConfig.candidateCount": 1,
  "generationConfig.seed": 7,
  "generationConfig.presencePenalty": 0.5,
  "generationConfig.frequencyPenalty": 0.5,
  "generationConfig.enableEnhancedCivicAnswers": true,
  "generationConfig.responseJsonSchema": { type: "object" },
  "generationConfig.responseFormat": [],
  "generationConfig.modelSelectionConfig": {},
  "generationConfig.audioTranscriptionConfig": {},
  "generationConfig.thinkingConfig.thinkingBudget": 0,
  [`${voice}voice`]: "a-speaker",
  [`${voice}replicatedVoiceConfig.mimeType`]: "audio/wav",
  [`${voice}replicatedVoiceConfig.voiceSampleAudio`]: "AAAA",
  [`${voice}replicatedVoiceConfig.consentAudio`]: "AAAA",
  [`${voice}replicatedVoiceConfig.voiceConsentSignature`]: { signature: "a-signature" },
  "tools[].retrieval": {},
  "tools[].googleMaps": {},
  "tools[].mcpServers": [],
  "tools[].codeExecution": {},
  "tools[].computerUse": {},
  "tools[].enterpriseWebSearch": {},
  "tools[].exaAiSearch": {},
  "tools[].googleSearchRetrieval": {},
  "tools[].parallelAiSearch": {},
  "tools[].urlContext": {},
  "tools[].fileSearch": {},
  "tools[].googleSearch.blockingConfidence": "BLOCK_LOW_AND_ABOVE",
  "tools[].googleSearch.excludeDomains": ["example.com"],
  "tools[].googleSearch.searchTypes": { webSearch: {} },
  "tools[].googleSearch.timeRangeFilter": {},
  "realtimeInputConfig.interimTranscriptTimestampEnabled": true,
  "inputAudioTranscription.sourceText": "Hello.",
  "outputAudioTranscription.languageCodes": ["de-DE"],
  "outputAudioTranscription.languageAuto": {},
  "outputAudioTranscription.languageHints": {},
  "outputAudioTranscription.customVocabulary": ["Modbus"],
  "outputAudioTranscription.adaptationPhrases": ["Modbus"],
  "outputAudioTranscription.mode": "SMART",
  "outputAudioTranscription.sourceText": "Hello.",
  "proactivity.proactiveAudio": true,
  "proactivity.proactiveVideo": true,
  explicitVadSignal: true,
  "safetySettings[].category": "HARM_CATEGORY_HARASSMENT",
  "safetySettings[].method": "PROBABILITY",
  "safetySettings[].threshold": "BLOCK_LOW_AND_ABOVE",
  labels: { customer: "a" },
};

/** By the reason, what cannot be sent. */
const LEFT_OUT: Record<string, readonly string[]> = {
  "Live does not take it (ai.google.dev/api/live)": [
    ...[
      "responseLogprobs",
      "logprobs",
      "responseMimeType",
      "responseSchema",
      "stopSequences",
      "routingConfig",
    ],
    "audioTimestamp",
  ].map((name) => `generationConfig.${name}`),
  "the SDK refuses it in Live": ["generationConfig.speechConfig.multiSpeakerVoiceConfig"],
  "only for files (ai.google.dev/gemini-api/docs/live-api/live-transcribe)": [
    "inputAudioTranscription.wordTimestamp",
    "inputAudioTranscription.diarization",
    "outputAudioTranscription.wordTimestamp",
    "outputAudioTranscription.diarization",
  ],
  "deprecated; the settings send the field that replaces it": [
    "inputAudioTranscription.languageAuto",
    "inputAudioTranscription.languageHints",
    "inputAudioTranscription.adaptationPhrases",
  ],
  "needs messages that are counted, only on Vertex AI; the conversation resumes with the handle": [
    "sessionResumption.transparent",
  ],
  "video as an answer has no output": ["avatarConfig"],
};

/** Options of the SDK's call in LiveConnectConfig, which are no fields of the setup. */
const OF_THE_CALL = ["httpOptions", "abortSignal"];

/** Fields that only SDK 3 declares. */
const NEW = [
  "inputAudioTranscription.sourceText",
  "outputAudioTranscription.sourceText",
  "proactivity.proactiveVideo",
];

/** The paths of all fields that the SDK declares, without the messages that have fields of their own. */
const DECLARED = Object.entries(MESSAGES).flatMap(([place, type]) =>
  [...fieldsOf(type)!.keys()]
    .map((name) => (place ? `${place}.${name}` : name))
    .filter((path) => !(path in MESSAGES || `${path}[]` in MESSAGES)),
);

/** The values at a path of a frame. */
const valuesAt = (frame: unknown, path: string): unknown[] =>
  path.split(".").reduce<unknown[]>(
    (objects, part) =>
      objects
        .map((object) => (object as FurtherSetup)[part.replace("[]", "")])
        .filter((value) => value !== undefined)
        .flatMap((value) => (part.endsWith("[]") ? (value as unknown[]) : [value])),
    [frame],
  );

/** A frame that has a value at a path alone. */
const frameWith = (path: string, value: unknown): FurtherSetup =>
  path
    .split(".")
    .reduceRight<unknown>(
      (inner, part) => (part.endsWith("[]") ? { [part.slice(0, -2)]: [inner] } : { [part]: inner }),
      value,
    ) as FurtherSetup;

describe("every field of the setup", () => {
  let farEnd: FarEnd;
  beforeEach(async () => {
    farEnd = await opened(startFarEnd(acceptSetup()));
  });

  /** Opens a connection. @returns the setup frame that the server got, and the one that a token locks */
  const send = async (...[, more, begins]: Reached) => {
    const continuity = { onConnectionLoss: "resume", compression } as const;
    const setup = buildSetup({ ...settings, ...more }, continuity, begins);
    const { signal } = new AbortController();
    const handlers = { onFrame() {}, onBadFrame: assert.fail, onClose() {} };
    const socket = await openSocket(serverAt(farEnd.url), setup, handlers, 5_000, new TestClock(), signal);
    await socket.close();
    const [frame] = farEnd.frames.splice(0) as unknown as [{ setup: FurtherSetup }];
    const { bidiGenerateContentSetup } = lockOf(setup, "all");
    assert.deepEqual(JSON.parse(JSON.stringify(bidiGenerateContentSetup)), frame.setup, "what a token locks");
    return { frame: frame.setup, setup };
  };

  it("of the SDK's types is reached, or left out for a reason, and the documents say how", () => {
    const known = [
      ...Object.keys(BY_SETTINGS),
      ...Object.keys(BY_FURTHER_SETUP),
      ...Object.values(LEFT_OUT).flat(),
    ];
    assert.deepEqual(
      DECLARED.filter((path) => !known.includes(path)),
      [],
    );
    const undeclared = known.filter((path) => !DECLARED.includes(path) && !(path in MESSAGES));
    for (const path of undeclared) assert.ok(NEW.includes(path), path);
    const docs = readFileSync(join(__dirname, "../../../docs/live-api.md"), "utf8");
    const [, section = ""] = /^## 5 [^\n]*\n(.*)/ms.exec(docs) ?? [];
    for (const path of known) {
      const name = path.slice(path.lastIndexOf(".") + 1).replace("[]", "");
      assert.ok(section.includes(`\`${name}\``), `docs/live-api.md 5 does not say how ${path} is reached`);
    }
  });

  it("of LiveConnectConfig is one of the setup frame", () => {
    const inFrame = [...fieldsOf("LiveClientSetup")!.keys(), ...fieldsOf("GenerationConfig")!.keys()];
    const others = [...fieldsOf("LiveConnectConfig")!.keys()].filter((name) => !inFrame.includes(name));
    assert.deepEqual(others, OF_THE_CALL);
  });

  for (const [path, reached] of Object.entries(BY_SETTINGS))
    it(`is reached by a setting: ${path}`, async () => {
      const { frame } = await send(...reached);
      assert.deepEqual(valuesAt(frame, path), [reached[0]]);
      if (path === "tools[].googleSearch") return;
      assert.notEqual(checkFurtherSetup({ furtherSetup: frameWith(path, reached[0]) }), true);
    });

  for (const [path, value] of Object.entries(BY_FURTHER_SETUP))
    it(`is reached by further setup: ${path}`, async () => {
      const furtherSetup = frameWith(path, value);
      assert.equal(checkFurtherSetup({ furtherSetup }), true);
      const { frame, setup } = await send(value, { furtherSetup });
      assert.deepEqual(valuesAt(frame, path), [value]);
      assert.deepEqual(valuesAt(frame, "generationConfig.responseModalities"), [["AUDIO"]]);
      const [first = "", second] = path.replaceAll("[]", "").split(".");
      const locked = first === "generationConfig" ? `${first}.${second}` : first;
      assert.ok(lockOf(setup, ["furtherSetup"]).fieldMask!.split(",").includes(locked), "what a token locks");
    });

  for (const [reason, paths] of Object.entries(LEFT_OUT))
    for (const path of paths)
      it(`is left out because ${reason}: ${path}`, () => {
        assert.notEqual(checkFurtherSetup({ furtherSetup: frameWith(path, {}) }), true);
      });
});
