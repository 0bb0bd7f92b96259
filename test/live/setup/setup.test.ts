// The setup message: which settings it has, by model.

import assert from "node:assert/strict";
import { Behavior, type Tool, Type } from "@google/genai";
import { describe, it } from "mocha";
import { profileOf } from "../../../live/setup/model-profiles";
import { buildSetup, type Continuity } from "../../../live/setup/setup";
import { settings } from "../talk";

const everything = {
  ...settings,
  voice: "Kore",
  language: "de-DE",
  instruction: "Be brief.",
  temperature: 0.5,
  thinkingLevel: "LOW",
  includeThoughts: true,
  affectiveDialog: true,
  googleSearch: true,
  speaksFirst: true,
  targetLanguage: "de",
  echoTarget: true,
  inputLanguages: ["de-DE"],
  vocabulary: ["Modbus"],
  transcriptionMode: "SMART",
  mediaResolution: "LOW",
} as const;

const plain = { onConnectionLoss: "report", compression: undefined } as const;

describe("the setup of a conversation", () => {
  it("has the configured settings, and no field for a server default", () => {
    assert.deepEqual(buildSetup(settings, plain).config, {
      responseModalities: ["AUDIO"],
      inputAudioTranscription: {},
      outputAudioTranscription: {},
    });
    const { config } = buildSetup({ ...everything, turnDetection: "manual" }, plain);
    assert.deepEqual(config.speechConfig?.voiceConfig, { prebuiltVoiceConfig: { voiceName: "Kore" } });
    assert.deepEqual(config.systemInstruction, { role: "user", parts: [{ text: "Be brief." }] });
    assert.equal(config.temperature, 0.5);
    assert.deepEqual(config.realtimeInputConfig, { automaticActivityDetection: { disabled: true } });
  });

  const translation = ["targetLanguage", "echoTarget"];
  const transcription = ["inputLanguages", "vocabulary", "transcriptionMode"];
  const dialog = [
    ...["voice", "instruction", "speaksFirst", "tools", "googleSearch", "language", "mediaResolution"],
    ...["thinkingLevel", "includeThoughts", "affectiveDialog"],
  ];
  const others = [...translation, ...transcription];
  const REFUSED: [model: string, leftOut: string[]][] = [
    ["gemini-3.8-live", ["language", "thinkingLevel", "includeThoughts", "affectiveDialog", ...others]],
    ["gemini-3.8-live-extended-thinking", ["language", "affectiveDialog", ...others]],
    ["models/gemini-3.1-flash-live-preview", ["affectiveDialog", ...others]],
    ["gemini-2.5-flash-native-audio-preview-12-2025", ["thinkingLevel", ...others]],
    ["gemini-3.5-transcribe-live", [...dialog, ...translation]],
    ["gemini-3.5-live-translate-preview", [...dialog, ...transcription]],
    ["a-model-of-tomorrow", []],
  ];
  for (const [model, refused] of REFUSED)
    it(`leaves out and names what ${model} does not accept: ${refused.join(", ") || "nothing"}`, () => {
      const { config, leftOut } = buildSetup({ ...everything, model }, plain, { tools: [{ name: "f" }] });
      assert.deepEqual(leftOut, refused);
      const sent = {
        voice: config.speechConfig?.voiceConfig,
        instruction: config.systemInstruction,
        tools: config.tools?.find((tool) => "functionDeclarations" in tool),
        googleSearch: config.tools?.find((tool) => "googleSearch" in tool),
        language: config.speechConfig?.languageCode,
        mediaResolution: config.mediaResolution,
        thinkingLevel: config.thinkingConfig?.thinkingLevel,
        includeThoughts: config.thinkingConfig?.includeThoughts,
        affectiveDialog: config.enableAffectiveDialog,
        targetLanguage: config.translationConfig?.targetLanguageCode,
        echoTarget: config.translationConfig?.echoTargetLanguage,
        inputLanguages: config.inputAudioTranscription?.languageCodes,
        vocabulary: config.inputAudioTranscription?.customVocabulary,
        transcriptionMode: config.inputAudioTranscription?.mode,
      };
      for (const [name, value] of Object.entries(sent))
        assert.equal(value === undefined, refused.includes(name), `${name}: ${JSON.stringify(value)}`);
    });

  it("leaves out a thinking level that the model does not have", () => {
    const model = "gemini-3.8-live-extended-thinking";
    const { config, leftOut } = buildSetup({ ...settings, model, thinkingLevel: "MINIMAL" }, plain);
    assert.equal(config.thinkingConfig, undefined);
    assert.deepEqual(leftOut, ["thinkingLevel"]);
  });

  it("always tells a translation model its target language, and English when none is set", () => {
    const translation = (more: object, model = "gemini-3.5-live-translate-preview") =>
      buildSetup({ ...settings, ...more, model }, plain).config.translationConfig;
    assert.deepEqual(translation({}), { targetLanguageCode: "en" });
    assert.deepEqual(translation({ targetLanguage: "de", echoTarget: true }), {
      targetLanguageCode: "de",
      echoTargetLanguage: true,
    });
    assert.equal(translation({}, "gemini-3.8-live"), undefined);
    assert.equal(translation({}, "a-model-of-tomorrow"), undefined);
  });

  it("always transcribes with a transcription model, and does not ask it to remember", () => {
    const model = "gemini-3.5-transcribe-live";
    const { config } = buildSetup(
      { ...settings, model, transcripts: { user: false, model: true }, vocabulary: ["Modbus"] },
      { onConnectionLoss: "resume", compression: { triggerTokens: undefined, targetTokens: undefined } },
    );
    assert.deepEqual(config, {
      responseModalities: ["TEXT"],
      inputAudioTranscription: { customVocabulary: ["Modbus"] },
    });
  });

  for (const [model, field] of [
    ["gemini-3.8-live", "parametersJsonSchema"],
    ["gemini-3.1-flash-live-preview", "parametersJsonSchema"],
    ["gemini-2.5-flash-native-audio-preview-12-2025", "parameters"],
  ] as const)
    it(`declares a tool for ${model} by ${field} alone`, () => {
      const schemas = {
        parameters: { type: Type.OBJECT },
        parametersJsonSchema: { type: "object", additionalProperties: false },
      };
      const tools = [{ name: "f", ...schemas }];
      const [tool] = buildSetup({ ...settings, model }, plain, { tools }).config.tools as Tool[];
      assert.deepEqual(tool?.functionDeclarations, [{ name: "f", [field]: schemas[field] }]);
    });

  it("uses the family with the longest matching name, with and without models/", () => {
    assert.ok(profileOf("gemini-3.8-live").refuses.includes("thinkingLevel"));
    assert.equal(profileOf("models/gemini-3.1-flash-live-preview").text, "realtimeInput");
    assert.deepEqual(profileOf("gemini-3.8-live-extended-thinking-002").thinkingLevels, [
      "LOW",
      "MEDIUM",
      "HIGH",
    ]);
  });

  it("requests session resumption only with resume, with the handle if there is one", () => {
    const setup = (onConnectionLoss: "resume" | "restart" | "report", handle?: string) =>
      buildSetup(settings, { onConnectionLoss, compression: undefined }, { handle }).config.sessionResumption;
    assert.deepEqual(setup("resume"), {});
    assert.deepEqual(setup("resume", "a-handle"), { handle: "a-handle" });
    assert.equal(setup("restart"), undefined);
    assert.equal(setup("report"), undefined);
  });

  it("requests context compression with a sliding window, its token counts as strings", () => {
    const setup = (compression: Continuity["compression"]) =>
      buildSetup(settings, { onConnectionLoss: "report", compression }).config.contextWindowCompression;
    assert.equal(setup(undefined), undefined);
    assert.deepEqual(setup({ triggerTokens: undefined, targetTokens: undefined }), { slidingWindow: {} });
    assert.deepEqual(setup({ triggerTokens: 20_000, targetTokens: 8_000 }), {
      triggerTokens: "20000",
      slidingWindow: { targetTokens: "8000" },
    });
  });

  it("has the configured turn detection, and no field for what is not configured", () => {
    const setup = (more: object) => buildSetup({ ...settings, ...more }, plain);
    assert.equal(setup({}).config.realtimeInputConfig, undefined);
    const detection = { start: "LOW", end: "HIGH", silenceDurationMs: 700, prefixPaddingMs: 0 };
    assert.deepEqual(
      setup({ detection, bargeIn: false, turnCoverage: "ALL_INPUT" }).config.realtimeInputConfig,
      {
        automaticActivityDetection: {
          startOfSpeechSensitivity: "START_SENSITIVITY_LOW",
          endOfSpeechSensitivity: "END_SENSITIVITY_HIGH",
          silenceDurationMs: 700,
          prefixPaddingMs: 0,
        },
        activityHandling: "NO_INTERRUPTION",
        turnCoverage: "TURN_INCLUDES_ALL_INPUT",
      },
    );
  });

  it("leaves out and names a MEDIUM sensitivity, which the API does not have", () => {
    const { config, leftOut } = buildSetup(
      { ...settings, detection: { ...settings.detection, start: "MEDIUM", end: "MEDIUM" } },
      plain,
    );
    assert.equal(config.realtimeInputConfig, undefined);
    assert.deepEqual(leftOut, ["startSensitivity MEDIUM", "endSensitivity MEDIUM"]);
  });

  it("has the behavior of a tool only for models with a choice, and Google Search when it is on", () => {
    const tools = [{ name: "f", behavior: Behavior.BLOCKING }];
    const setup = (model: string) =>
      buildSetup({ ...settings, model, googleSearch: true }, plain, { tools }).config.tools;
    assert.deepEqual(setup("gemini-3.8-live"), [{ functionDeclarations: tools }, { googleSearch: {} }]);
    for (const model of ["gemini-3.8-live-extended-thinking", "gemini-3.1-flash-live"])
      assert.deepEqual(setup(model), [{ functionDeclarations: [{ name: "f" }] }, { googleSearch: {} }]);
  });
});
