// The setups that each model accepts or refuses, and the server's words. Every case has its own connection.

import assert from "node:assert/strict";
import { MODEL, PATH, simulate } from "../client";

const invalid = "Request contains an invalid argument.";
const unknown = (name: string, path: string) =>
  `Invalid JSON payload received. Unknown name "${name}" at '${path}': Cannot find field.`;
const modalities = (asked: string) =>
  `The requested combination of response modalities (${asked}) is not supported by the model.`;
const noVoices = "Cannot extract voices from a non-audio request.";
const setupOnce = "setup must be the first message and only the first";

const on = (model: string, rest: object = {}) => ({ setup: { model: `models/${model}`, ...rest } });
const live = (rest: object) => on("gemini-3.8-live", rest);
const config = (generationConfig: object) => live({ generationConfig });
const detection = (automaticActivityDetection: object) =>
  live({ realtimeInputConfig: { automaticActivityDetection } });
const behaving = (behavior: string) => ({ tools: [{ functionDeclarations: [{ name: "f", behavior }] }] });
const thinking = (thinkingConfig: object) => ({ generationConfig: { thinkingConfig } });
const audio = (rest: object) => ({ generationConfig: { responseModalities: ["AUDIO"], ...rest } });
const extended = "gemini-3.8-live-extended-thinking";
const flash = "gemini-3.1-flash-live-preview";
const native = "gemini-2.5-flash-native-audio-preview-12-2025";
const transcribe = "gemini-3.5-transcribe-live";

const setups: [what: string, first: object | string, reason: string, code?: number][] = [
  ["no JSON", "{setup", "Invalid JSON payload received. Unexpected token."],
  ["no object", "[]", "Invalid JSON payload received. Root element must be a message."],
  ["no setup", {}, setupOnce],
  ["another message first", { realtimeInput: { text: "hi" } }, setupOnce],
  [
    "an unknown message",
    { hello: 1 },
    'Invalid JSON payload received. Unknown name "hello": Cannot find field.',
  ],
  [
    "two messages in one frame",
    { ...live({}), clientContent: {} },
    "Invalid value (oneof), oneof field 'message_type' is already set. Cannot set 'clientContent'",
  ],
  [
    "a field that only Vertex AI has",
    live({ sessionResumption: { transparent: true } }),
    unknown("transparent", "setup.session_resumption"),
  ],
  [
    "an unknown field in a list",
    live({ tools: [{}, { functionDeclarations: [{ nom: "f" }] }] }),
    unknown("nom", "setup.tools[1].function_declarations[0]"),
  ],
  [
    "turnCoverage in the wrong place",
    live({ contextWindowCompression: { slidingWindow: { turn_coverage: 1 } } }),
    unknown("turn_coverage", "setup.context_window_compression.sliding_window"),
  ],
  [
    "additionalProperties in a schema",
    live({
      tools: [
        { functionDeclarations: [{ parameters: { properties: { a: { additionalProperties: false } } } }] },
      ],
    }),
    unknown("additionalProperties", "setup.tools[0].function_declarations[0].parameters.properties[a]"),
  ],
  [
    "MEDIUM sensitivity",
    detection({ startOfSpeechSensitivity: "START_SENSITIVITY_MEDIUM" }),
    "Invalid value at 'setup.realtime_input_config.automatic_activity_detection.start_of_speech_sensitivity' (type.googleapis.com/google",
  ],
  [
    "an unknown modality",
    config({ responseModalities: ["SMELL"] }),
    `Invalid value at 'setup.generation_config.response_modalities[0]' (type.googleapis.com/google.ai.generativelanguage.v1beta.ResponseModalities), "SMELL"`,
  ],
  [
    "text in place of a number",
    config({ maxOutputTokens: "many" }),
    `Invalid value at 'setup.generation_config.max_output_tokens' (TYPE_INT32), "many"`,
  ],
  [
    "text in place of a switch",
    detection({ disabled: "yes" }),
    `Invalid value at 'setup.realtime_input_config.automatic_activity_detection.disabled' (TYPE_BOOL), "yes"`,
  ],
  [
    "a list in place of an object",
    live({ generationConfig: [] }),
    `Invalid JSON payload received. Unknown name "generation_config" at 'setup': Proto field is not repeating, cannot start list.`,
  ],
  ["negative silence", detection({ silenceDurationMs: -1 }), invalid],
  ["no model", { setup: {} }, "* BidiGenerateContentRequest.setup.model: unexpected model name format"],
  [
    "a model without models/",
    { setup: { model: "gemini-3.8-live" } },
    "* BidiGenerateContentRequest.setup.model: unexpected model name format",
  ],
  [
    "an unknown model",
    on("gemini-9"),
    "models/gemini-9 is not found for API version v1beta, or is not supported for bidiGenerateContent. Call ListModels to see the list of",
    1008,
  ],
  [
    "a model named like a property of all objects",
    on("constructor"),
    "models/constructor is not found for API version v1beta, or is not supported for bidiGenerateContent. Call ListModels to see the list",
    1008,
  ],
  ["a text answer", config({ responseModalities: ["TEXT"] }), modalities("TEXT")],
  ["text and sound", config({ responseModalities: ["TEXT", "AUDIO"] }), modalities("TEXT, AUDIO")],
  [
    "sound from the model that writes",
    on(transcribe, { generationConfig: { responseModalities: ["AUDIO"] } }),
    modalities("AUDIO"),
  ],
  ["no modality on 2.5", on(native), noVoices],
  ["text from 2.5", on(native, { generationConfig: { responseModalities: ["TEXT"] } }), noVoices],
  [
    "text and sound from 2.5",
    on(native, { generationConfig: { responseModalities: ["TEXT", "AUDIO"] } }),
    invalid,
  ],
  [
    "text from 3.1",
    on(flash, { generationConfig: { responseModalities: ["TEXT"] } }),
    "Internal error encountered.",
    1011,
  ],
  ["thinkingConfig on 3.8", config({ thinkingConfig: {} }), invalid],
  ["thinkingBudget on extended thinking", on(extended, thinking({ thinkingBudget: 1 })), invalid],
  ["MINIMAL on extended thinking", on(extended, thinking({ thinkingLevel: "MINIMAL" })), invalid],
  ["BLOCKING on extended thinking", on(extended, behaving("BLOCKING")), invalid],
  ["NON_BLOCKING on 3.1", on(flash, behaving("NON_BLOCKING")), invalid],
  ["thinkingLevel on 2.5", on(native, audio({ thinkingConfig: { thinkingLevel: "LOW" } })), invalid],
  ["affective dialog on 3.8", config({ enableAffectiveDialog: true }), invalid],
  ["affective dialog on v1beta", on(native, audio({ enableAffectiveDialog: true })), invalid],
  ["proactiveAudio off on 3.8", live({ proactivity: { proactiveAudio: false } }), invalid],
  ["proactiveAudio on 3.1", on(flash, { proactivity: { proactiveAudio: true } }), invalid],
  [
    "translation by a model that only transcribes",
    on(transcribe, { generationConfig: { translationConfig: { targetLanguageCode: "es" } } }),
    invalid,
  ],
  ["a response schema", config({ responseSchema: {} }), invalid],
  ["code execution", live({ tools: [{ codeExecution: {} }] }), invalid],
  ["tools where there are none", on(transcribe, { tools: [{ googleSearch: {} }] }), invalid],
];

it("refuses an invalid setup with the server's code and words", async () => {
  const { at } = await simulate();
  for (const [what, first, reason, code = 1007] of setups) {
    const client = await at(`${PATH}?key=any`).opened();
    client.send(first);
    assert.deepEqual(await client.closed, { code, reason: reason.slice(0, 123) }, what);
  }
});

const accepted: [what: string, first: object, version?: string][] = [
  [
    "every part of a usual setup",
    live({
      generationConfig: {
        responseModalities: ["AUDIO"],
        temperature: 1,
        topP: 0.95,
        topK: 40,
        maxOutputTokens: 8192,
        candidateCount: 1,
        seed: 1,
        mediaResolution: "MEDIA_RESOLUTION_LOW",
        speechConfig: { languageCode: "en-US", voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
      },
      systemInstruction: { role: "user", parts: { text: "Be kind." } },
      tools: [
        {
          functionDeclarations: [
            {
              name: "f",
              behavior: "BLOCKING",
              parameters: {
                type: "object",
                properties: { a: { type: "STRING", enum: ["x"] } },
                required: ["a"],
              },
            },
            { name: "g", parametersJsonSchema: { anything: true } },
          ],
        },
        { googleSearch: {} },
      ],
      realtimeInputConfig: {
        automaticActivityDetection: {
          startOfSpeechSensitivity: "START_SENSITIVITY_LOW",
          prefixPaddingMs: 20,
          silenceDurationMs: "800",
        },
        turnCoverage: "TURN_INCLUDES_ALL_INPUT",
      },
      sessionResumption: {},
      contextWindowCompression: { triggerTokens: "104857", slidingWindow: { targetTokens: "52428" } },
      inputAudioTranscription: { languageCodes: ["en"] },
      outputAudioTranscription: {},
      proactivity: { proactiveAudio: true },
      safetySettings: [],
      labels: { a: "b" },
    }),
  ],
  ["levels on extended thinking", on(extended, thinking({ thinkingLevel: "HIGH", includeThoughts: true }))],
  ["the default level of 3.1", on(flash, thinking({ thinkingLevel: "MINIMAL" }))],
  ["a budget on 2.5", on(native, audio({ thinkingConfig: { thinkingBudget: 0 } }))],
  [
    "affective and proactive 2.5 on v1alpha",
    on(native, { ...audio({ enableAffectiveDialog: true }), proactivity: { proactiveAudio: true } }),
    "v1alpha",
  ],
  [
    "translation",
    on("gemini-3.5-live-translate-preview", {
      generationConfig: { translationConfig: { targetLanguageCode: "es" } },
    }),
  ],
  [
    "translation by a model that does not translate",
    config({ translationConfig: { targetLanguageCode: "es" } }),
  ],
  [
    "what a model that translates ignores",
    on("gemini-3.5-live-translate-preview", {
      generationConfig: {
        temperature: 1,
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
      },
      systemInstruction: { parts: [{ text: "Be kind." }] },
      realtimeInputConfig: { automaticActivityDetection: { silenceDurationMs: 500 } },
      sessionResumption: {},
    }),
  ],
  [
    "what a model that transcribes ignores",
    on(transcribe, {
      inputAudioTranscription: {
        languageCodes: ["no language"],
        customVocabulary: ["Modbus"],
        mode: "SMART",
      },
      sessionResumption: {},
      contextWindowCompression: { slidingWindow: {} },
    }),
  ],
  ["text from the model that writes", on(transcribe, { generationConfig: { responseModalities: ["TEXT"] } })],
];

it("accepts every setting that a model supports", async () => {
  const { clock, at } = await simulate();
  for (const [what, first, version = "v1beta"] of accepted) {
    const client = await at(`${PATH.replace("v1beta", version)}?key=any`).opened();
    client.send(first);
    await client.settled();
    clock.advance(260);
    await client.settled();
    assert.deepEqual(client.kinds, ["setupComplete"], what);
  }
});

it("names the version of the URL when it refuses an unknown model", async () => {
  const { at } = await simulate();
  const client = await at(`${PATH.replace("v1beta", "v1alpha")}?key=any`).opened();
  client.send({ setup: { model: MODEL.replace("3.8", "2.0") } });
  assert.match(
    (await client.closed).reason,
    /^models\/gemini-2\.0-live is not found for API version v1alpha/,
  );
});

it("shortens a reason to the size of a close frame without splitting a character", async () => {
  const { at } = await simulate();
  for (const shift of ["", "x"]) {
    const client = await at(`${PATH}?key=any`).opened();
    client.send({ [`${shift}${"ü".repeat(100)}`]: 1 });
    const { code, reason } = await client.closed;
    assert.equal(code, 1007);
    assert.match(reason, /^Invalid JSON payload received\. Unknown name "x?ü+$/);
    assert.ok(Buffer.byteLength(reason) >= 122 && Buffer.byteLength(reason) <= 123);
  }
});
