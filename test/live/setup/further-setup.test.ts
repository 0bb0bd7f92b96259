// Further setup: what can be sent, and how it is merged into the setup frame.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { checkFurtherSetup, mergeSetup } from "../../../live/setup/further-setup";
import { buildSetup } from "../../../live/setup/setup";
import { TABLES } from "../../../nodes/settings/catalog";
import { settings } from "../talk";

const plain = { onConnectionLoss: "report", compression: undefined } as const;

describe("further setup", () => {
  it("is merged field by field into what the settings send, and its tools are added", () => {
    const setup = {
      generationConfig: { temperature: 0.5, speechConfig: { languageCode: "de-DE" } },
      tools: [{ functionDeclarations: [] }],
      labels: { a: "1" },
    };
    const before = structuredClone(setup);
    const further = {
      generationConfig: { topP: 0.5, speechConfig: { voiceConfig: {} } },
      tools: [{ urlContext: {} }],
      labels: { b: "2" },
      safetySettings: [],
    };
    assert.deepEqual(mergeSetup(setup, further), {
      generationConfig: {
        temperature: 0.5,
        topP: 0.5,
        speechConfig: { languageCode: "de-DE", voiceConfig: {} },
      },
      tools: [{ functionDeclarations: [] }, { urlContext: {} }],
      labels: { a: "1", b: "2" },
      safetySettings: [],
    });
    assert.deepEqual(setup, before);
  });

  it("may have fields with the names of properties of all objects", () => {
    const further = JSON.parse(
      '{"generationConfig": {"__proto__": {"topP": 1}}, "constructor": {"a": 1}, "__proto__": {"b": 1}}',
    );
    const merged = mergeSetup({ generationConfig: { topK: 1 } }, further);
    assert.equal(
      JSON.stringify(merged),
      '{"generationConfig":{"topK":1,"__proto__":{"topP":1}},"constructor":{"a":1},"__proto__":{"b":1}}',
    );
    assert.equal(({} as { b?: number }).b, undefined);
  });

  it("is refused when it is nested so deeply that nothing could write it", () => {
    const depth = 100_000;
    const furtherSetup = JSON.parse(`{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    assert.match(
      String(checkFurtherSetup({ furtherSetup })),
      /^a\[0\].* is nested more than 100 levels deep$/,
    );
  });

  it("may have a Google Search with parameters, in the place of the plain one", () => {
    const furtherSetup = { tools: [{ googleSearch: { excludeDomains: ["example.com"] } }] };
    const { config, extra } = buildSetup({ ...settings, googleSearch: true, furtherSetup }, plain);
    assert.equal(config.tools, undefined);
    assert.deepEqual(extra, furtherSetup);
  });

  it("is sent beside the announcement of history", () => {
    const model = "gemini-3.1-flash-live-preview";
    const furtherSetup = { labels: { a: "1" } };
    assert.deepEqual(buildSetup({ ...settings, model, furtherSetup }, plain, { history: true }).extra, {
      labels: { a: "1" },
      historyConfig: { initialHistoryInClientContent: true },
    });
  });

  const SENT: object[] = [
    {},
    {
      generationConfig: { topP: 0.9, topK: 40, maxOutputTokens: 500, thinkingConfig: { thinkingBudget: 0 } },
    },
    { labels: { safety_identifier: "child" } },
    JSON.parse('{"constructor": 1, "to_string": 1, "__proto__": { "a": 1 }}'),
    { tools: [{ googleSearch: { searchTypes: {} } }, { googleMaps: {} }] },
    {
      inputAudioTranscription: { sourceText: "Hello" },
      outputAudioTranscription: { languageCodes: ["de-DE"] },
    },
    { aFieldOfTomorrow: { of_any: ["form"] } },
  ];
  for (const furtherSetup of SENT)
    it(`can be sent: ${JSON.stringify(furtherSetup)}`, () => {
      assert.equal(checkFurtherSetup({ furtherSetup }), true);
    });

  const REFUSED: [furtherSetup: object, error: string][] = [
    [{ generationConfig: { topP: "0.9" } }, "generationConfig.topP must be a number"],
    [
      { generationConfig: { maxOutputTokens: 1.5 } },
      "generationConfig.maxOutputTokens must be a whole number",
    ],
    [{ generationConfig: [] }, "generationConfig must be an object"],
    [{ generationConfig: null }, "generationConfig must be an object"],
    [{ labels: { a: 1 } }, "labels.a must be a text"],
    [{ safetySettings: [{}, { category: 1 }] }, "safetySettings[1].category must be a text"],
    [{ proactivity: { proactiveVideo: "yes" } }, "proactivity.proactiveVideo must be true or false"],
    [{ tools: {} }, "tools must be a list"],
    [{ generation_config: {} }, "generation_config must be written as generationConfig"],
    [{ generationConfig: { top_p: 1 } }, "generationConfig.top_p must be written as topP"],
    [{ model: "models/other" }, 'model is the setting "Model"'],
    [{ generationConfig: { temperature: 1 } }, 'generationConfig.temperature is the setting "Temperature"'],
    [
      { contextWindowCompression: {} },
      'contextWindowCompression is the setting "Context compression (sliding window)" of the live connection',
    ],
    [
      { tools: [{}, { functionDeclarations: [] }] },
      "tools[1].functionDeclarations comes from the tool call nodes",
    ],
    [
      { generationConfig: { stopSequences: ["."] } },
      "generationConfig.stopSequences is not supported by the Live API",
    ],
    [{ avatarConfig: {} }, "avatarConfig needs an output for video, which the live session does not have"],
  ];
  for (const [furtherSetup, error] of REFUSED)
    it(`is refused with the path of what is wrong: ${error}`, () => {
      assert.equal(checkFurtherSetup({ furtherSetup }), error);
    });

  it("excludes a replicated voice beside a prebuilt one", () => {
    const voiceConfig = { replicatedVoiceConfig: { voiceSampleAudio: "AAAA" } };
    const furtherSetup = { generationConfig: { speechConfig: { voiceConfig } } };
    assert.equal(checkFurtherSetup({ furtherSetup, voice: "" }), true);
    assert.equal(
      checkFurtherSetup({ furtherSetup, voice: "Kore" }),
      'generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig and the setting "Voice" exclude each other',
    );
  });

  it("names settings by their labels", () => {
    const labels = ["live-session", "live-config"].flatMap((set) =>
      Object.values(TABLES[set]!.settings).map(({ label }) => label),
    );
    const named = [...String(checkFurtherSetup).matchAll(/setting \\?"([^"\\]+)\\?"/g)].map(
      ([, label]) => label!,
    );
    assert.ok(named.length > 15);
    for (const label of named) assert.ok(labels.includes(label), label);
  });
});
