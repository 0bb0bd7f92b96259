// Settings of a live session that only some models take, and further setup: what the server gets, and what is warned of.

import assert from "node:assert/strict";
import { type Flow, type Frame, startSession, state } from "../flow";

/** Connects a session with these properties. @returns the setup frame that the server got */
async function setupOf(properties: object): Promise<Record<string, unknown>> {
  const { flow, farEnd } = await startSession(undefined, { contextCompression: false }, properties);
  await connect(flow);
  return (farEnd.frames[0] as unknown as Frame).setup!;
}

async function connect(flow: Flow) {
  flow.send("session", { action: "connect" });
  await flow.at("events").next(state("connected"));
}

describe("the settings of some models", () => {
  it("tell a translation model its target language", async () => {
    const model = "gemini-3.5-live-translate-preview";
    const setup = await setupOf({ model, targetLanguage: " de ", echoTarget: true, transcribeModel: false });
    assert.deepEqual(setup, {
      model: `models/${model}`,
      generationConfig: {
        responseModalities: ["AUDIO"],
        translationConfig: { targetLanguageCode: "de", echoTargetLanguage: true },
      },
      sessionResumption: {},
      inputAudioTranscription: {},
    });
  });

  it("tell a transcription model its languages, its vocabulary and its mode", async () => {
    const model = "gemini-3.5-transcribe-live";
    const setup = await setupOf({
      model,
      inputLanguages: "de-DE, en-US",
      vocabulary: "Modbus\n\nProfinet , OPC UA\n",
      transcriptionMode: "SMART",
    });
    assert.deepEqual(setup, {
      model: `models/${model}`,
      generationConfig: { responseModalities: ["TEXT"] },
      inputAudioTranscription: {
        languageCodes: ["de-DE", "en-US"],
        customVocabulary: ["Modbus", "Profinet", "OPC UA"],
        mode: "SMART",
      },
    });
  });

  it("tell a model that takes images how many tokens an image counts", async () => {
    const { generationConfig } = await setupOf({ mediaResolution: "LOW" });
    assert.deepEqual(generationConfig, {
      responseModalities: ["AUDIO"],
      mediaResolution: "MEDIA_RESOLUTION_LOW",
    });
  });

  it("are not sent to a model that calls no tools and has no voice, with a warning of each", async () => {
    const { flow, farEnd } = await startSession(
      undefined,
      {},
      {
        model: "gemini-3.5-live-translate-preview",
        voice: "Kore",
        googleSearch: true,
      },
    );
    assert.match(
      await flow.warnings("session").next(),
      /gemini-3.5-live-translate-preview does not support these settings: Voice, Google Search\./,
    );
    await connect(flow);
    assert.doesNotMatch(JSON.stringify(farEnd.frames[0]), /Kore|googleSearch/);
  });
});

describe("a voice that is not known", () => {
  it("is sent with a warning that names the known ones", async () => {
    const { flow, farEnd } = await startSession(undefined, {}, { voice: "kore" });
    assert.match(await flow.warnings("session").next(), /"kore" is not a prebuilt voice.*Zephyr, Puck/);
    await connect(flow);
    assert.match(JSON.stringify(farEnd.frames[0]), /"voiceName":"kore"/);
  });

  it("is no warning when it is prebuilt", async () => {
    const { flow } = await startSession(undefined, {}, { voice: "Kore" });
    await connect(flow);
    assert.deepEqual(flow.warnings("session").items, []);
  });
});

describe("further setup", () => {
  it("reaches the server beside what the settings send", async () => {
    const setup = await setupOf({
      temperature: "0.5",
      furtherSetup: '{"generationConfig": {"topP": 0.9}, "labels": {"customer": "a"}}',
    });
    assert.deepEqual(setup.generationConfig, { responseModalities: ["AUDIO"], temperature: 0.5, topP: 0.9 });
    assert.deepEqual(setup.labels, { customer: "a" });
  });

  for (const [furtherSetup, error] of [
    [
      '{"generationConfig": {"topP": "much"}}',
      /Further setup cannot be sent: generationConfig\.topP must be a number\./,
    ],
    ['{"model": "other"}', /Further setup cannot be sent: model is the setting "Model"\./],
    ["[]", /The setting "Further setup" must be a JSON object; it is "\[\]"\./],
    ['{"a": ', /The setting "Further setup" must be a JSON object/],
  ] as const)
    it(`is refused on the badge and for each message: ${furtherSetup}`, async () => {
      const { flow } = await startSession(undefined, {}, { furtherSetup });
      assert.match((await flow.badges("session").next()).text!, error);
      flow.send("session", { payload: "Hello" });
      assert.match((await flow.nextError()).message, error);
    });
});
