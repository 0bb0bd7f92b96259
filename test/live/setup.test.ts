import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { profileOf } from "../../live/models";
import { buildSetup, type Continuity } from "../../live/setup";
import { settings } from "./talk";

const everything = {
  ...settings,
  voice: "Kore",
  language: "de-DE",
  instruction: "Be brief.",
  temperature: 0.5,
  thinkingLevel: "LOW",
  thoughts: true,
  affectiveDialog: true,
} as const;

const plain = { onLoss: "tell", compression: undefined } as const;

describe("the setup of a conversation", () => {
  it("holds what was set, and nothing that was left to the server", () => {
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

  const REFUSED: [model: string, leftOut: string[]][] = [
    ["gemini-3.8-live", ["language", "thinkingLevel", "thoughts", "affectiveDialog"]],
    ["gemini-3.8-live-extended-thinking", ["language", "affectiveDialog"]],
    ["models/gemini-3.1-flash-live-preview", ["affectiveDialog"]],
    ["gemini-2.5-flash-native-audio-preview-12-2025", ["thinkingLevel"]],
    ["gemini-3.5-transcribe-live", ["thinkingLevel", "thoughts", "affectiveDialog"]],
    ["a-model-of-tomorrow", []],
  ];
  for (const [model, leftOut] of REFUSED)
    it(`leaves out what ${model} refuses, and names it: ${leftOut.join(", ") || "nothing"}`, () => {
      const setup = buildSetup({ ...everything, model }, plain);
      assert.deepEqual(setup.leftOut, leftOut);
      assert.equal(
        setup.config.enableAffectiveDialog,
        leftOut.includes("affectiveDialog") ? undefined : true,
      );
      assert.equal(
        setup.config.thinkingConfig?.thinkingLevel,
        leftOut.includes("thinkingLevel") ? undefined : "LOW",
      );
    });

  it("asks a transcribing model for text", () => {
    const { config } = buildSetup({ ...settings, model: "gemini-3.5-transcribe-live" }, plain);
    assert.deepEqual(config.responseModalities, ["TEXT"]);
    assert.equal(config.speechConfig, undefined);
  });

  it("takes the longest name that fits for the family of a model", () => {
    assert.deepEqual(profileOf("gemini-3.8-live").thinking.levels, []);
    assert.deepEqual(profileOf("gemini-3.8-live-extended-thinking-002").thinking.levels, [
      "LOW",
      "MEDIUM",
      "HIGH",
    ]);
  });

  it("asks for a handle only where a lost connection is resumed, and goes on by the handle that there is", () => {
    const setup = (onLoss: "resume" | "retry" | "tell", handle?: string) =>
      buildSetup(settings, { onLoss, compression: undefined }, { handle }).config.sessionResumption;
    assert.deepEqual(setup("resume"), {});
    assert.deepEqual(setup("resume", "a-handle"), { handle: "a-handle" });
    assert.equal(setup("retry"), undefined);
    assert.equal(setup("tell"), undefined);
  });

  it("asks for compression with a sliding window, its numbers as strings", () => {
    const setup = (compression: Continuity["compression"]) =>
      buildSetup(settings, { onLoss: "tell", compression }).config.contextWindowCompression;
    assert.equal(setup(undefined), undefined);
    assert.deepEqual(setup({ triggerTokens: undefined, targetTokens: undefined }), { slidingWindow: {} });
    assert.deepEqual(setup({ triggerTokens: 20_000, targetTokens: 8_000 }), {
      triggerTokens: "20000",
      slidingWindow: { targetTokens: "8000" },
    });
  });
});
