// Setups: with everything that may be set, with nothing that may be left out, and as each family of models wants them.

import type { Entry } from "../entry";
import * as from from "../sources";

const instruction = { role: "user", parts: [{ text: "Be brief." }] };
const model = "models/gemini-3.8-live";

export const setups: readonly Entry[] = [
  {
    ...from.apiReference,
    kind: "setup",
    what: "all fields; some exclude each other, and no model takes all",
    frame: {
      setup: {
        model,
        generationConfig: {
          responseModalities: ["AUDIO"],
          temperature: 1,
          topP: 0.95,
          topK: 40,
          maxOutputTokens: 8192,
          candidateCount: 1,
          seed: 1,
          presencePenalty: 0,
          frequencyPenalty: 0,
          mediaResolution: "MEDIA_RESOLUTION_LOW",
          speechConfig: {
            languageCode: "en-US",
            voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } },
          },
          thinkingConfig: { includeThoughts: true, thinkingBudget: 1024, thinkingLevel: "LOW" },
          enableAffectiveDialog: true,
          translationConfig: { targetLanguageCode: "es", echoTargetLanguage: false },
        },
        systemInstruction: instruction,
        tools: [
          {
            functionDeclarations: [
              {
                name: "book_slot",
                description: "Books a slot.",
                behavior: "NON_BLOCKING",
                parameters: { type: "OBJECT", properties: { slot: { type: "STRING" } } },
                response: { type: "STRING" },
              },
            ],
          },
          { googleSearch: {} },
        ],
        realtimeInputConfig: {
          automaticActivityDetection: {
            disabled: false,
            startOfSpeechSensitivity: "START_SENSITIVITY_HIGH",
            endOfSpeechSensitivity: "END_SENSITIVITY_HIGH",
            prefixPaddingMs: 20,
            silenceDurationMs: 800,
          },
          activityHandling: "START_OF_ACTIVITY_INTERRUPTS",
          turnCoverage: "TURN_INCLUDES_ONLY_ACTIVITY",
          interimTranscriptTimestampEnabled: false,
        },
        sessionResumption: { handle: "e94dd95e-51f0-4d0f-8f5d-7f0a4b9e2c33" },
        contextWindowCompression: {
          triggerTokens: "104857",
          slidingWindow: { targetTokens: "52428" },
        },
        inputAudioTranscription: {
          languageCodes: ["en-US"],
          customVocabulary: ["Modbus"],
          adaptationPhrases: ["Modbus"],
          wordTimestamp: false,
          diarization: false,
          mode: "SMART",
          languageAuto: {},
          languageHints: { languageCodes: ["en-US"] },
        },
        outputAudioTranscription: {},
        proactivity: { proactiveAudio: true },
        historyConfig: { initialHistoryInClientContent: true },
        safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_ONLY_HIGH" }],
        labels: { customer: "a" },
      },
    },
  },
  {
    ...from.apiReference,
    kind: "setup",
    what: "everything but the model may be left out, at each level",
    frame: {
      setup: {
        model,
        generationConfig: { speechConfig: { voiceConfig: {} }, thinkingConfig: {}, translationConfig: {} },
        systemInstruction: { parts: [{ text: "Be brief." }] },
        tools: [{ functionDeclarations: [{ name: "lights_off" }] }],
        realtimeInputConfig: { automaticActivityDetection: {} },
        sessionResumption: {},
        contextWindowCompression: { slidingWindow: {} },
        inputAudioTranscription: {},
        outputAudioTranscription: {},
        proactivity: {},
        historyConfig: {},
        safetySettings: [],
        labels: {},
      },
    },
  },
  {
    ...from.apiReference,
    kind: "setup",
    what: "the model alone",
    models: ["3.8-live"],
    frame: { setup: { model } },
  },
  {
    ...from.capabilities,
    kind: "setup",
    what: "a compression without a sliding window: no effect",
    frame: { setup: { model, realtimeInputConfig: {}, contextWindowCompression: {} } },
  },
  {
    ...from.schemaTest,
    kind: "setup",
    what: "parameters as JSON Schema",
    models: ["3.8-live", "3.1-flash-live"],
    frame: {
      setup: {
        model,
        tools: [
          {
            functionDeclarations: [
              {
                name: "book_slot",
                description: "Books a slot.",
                behavior: "NON_BLOCKING",
                parametersJsonSchema: { type: "object", properties: { slot: { type: "string" } } },
              },
            ],
          },
        ],
      },
    },
  },
  {
    ...from.thinking,
    kind: "setup",
    what: "a level of thinking, and thoughts",
    models: ["3.8-live-extended-thinking"],
    frame: {
      setup: {
        model: "models/gemini-3.8-live-extended-thinking",
        generationConfig: { thinkingConfig: { thinkingLevel: "LOW", includeThoughts: true } },
      },
    },
  },
  {
    ...from.transcribe,
    kind: "setup",
    what: "dictation with manual turn detection",
    models: ["3.5-transcribe-live"],
    frame: {
      setup: {
        model: "models/gemini-3.5-transcribe-live",
        generationConfig: { responseModalities: ["TEXT"] },
        inputAudioTranscription: { mode: "VERBATIM" },
        realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
      },
    },
  },
  {
    ...from.translate,
    kind: "setup",
    what: "translation; both transcriptions stand beside generationConfig",
    models: ["3.5-live-translate"],
    frame: {
      setup: {
        model: "models/gemini-3.5-live-translate-preview",
        generationConfig: {
          responseModalities: ["AUDIO"],
          translationConfig: { targetLanguageCode: "en", echoTargetLanguage: false },
        },
        inputAudioTranscription: {},
        outputAudioTranscription: {},
      },
    },
  },
  {
    ...from.capabilities,
    kind: "setup",
    what: "history follows in clientContent",
    models: ["3.1-flash-live"],
    frame: {
      setup: {
        model: "models/gemini-3.1-flash-live-preview",
        historyConfig: { initialHistoryInClientContent: true },
      },
    },
  },
  {
    ...from.capabilities,
    kind: "setup",
    what: "a thinking budget, affective dialog and proactive audio",
    models: ["2.5-native-audio"],
    frame: {
      setup: {
        model: "models/gemini-2.5-flash-native-audio-preview-12-2025",
        generationConfig: { enableAffectiveDialog: true, thinkingConfig: { thinkingBudget: 0 } },
        proactivity: { proactiveAudio: true },
      },
    },
  },
  {
    ...from.sdk,
    kind: "setup",
    what: "a replicated voice with its consent",
    frame: {
      setup: {
        model,
        generationConfig: {
          speechConfig: {
            voiceConfig: {
              replicatedVoiceConfig: {
                mimeType: "audio/pcm;rate=24000",
                voiceSampleAudio: "AAA=",
                consentAudio: "AAA=",
                voiceConsentSignature: { signature: "c2ln" },
              },
            },
          },
        },
      },
    },
  },
  {
    ...from.sdk,
    kind: "setup",
    what: "fields that only the types of 3.1.0 have",
    frame: {
      setup: {
        model,
        inputAudioTranscription: { mode: "SMART", sourceText: "Dear Ms" },
        proactivity: { proactiveVideo: true },
      },
    },
  },
  {
    ...from.vertexReference,
    kind: "setup",
    what: "what Vertex AI alone takes",
    api: "vertex",
    frame: {
      setup: {
        model: "projects/p/locations/us-central1/publishers/google/models/gemini-3.8-live",
        sessionResumption: { handle: "e94dd95e-51f0-4d0f-8f5d-7f0a4b9e2c33", transparent: true },
        explicitVadSignal: true,
        avatarConfig: { avatarName: "Kira" },
      },
    },
  },
];
