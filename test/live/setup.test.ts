import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { profileOf } from "../../live/models";
import { buildSetup } from "../../live/setup";
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

describe("the setup of a conversation", () => {
  it("holds what was set, and nothing that was left to the server", () => {
    assert.deepEqual(buildSetup(settings).config, {
      responseModalities: ["AUDIO"],
      inputAudioTranscription: {},
      outputAudioTranscription: {},
    });
    const { config } = buildSetup({ ...everything, turnDetection: "manual" });
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
      const setup = buildSetup({ ...everything, model });
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
    const { config } = buildSetup({ ...settings, model: "gemini-3.5-transcribe-live" });
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
});
