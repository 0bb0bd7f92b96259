// Frames about what the user says.

import type { Entry } from "../entry";
import * as from from "../sources";

export const speech: readonly Entry[] = [
  {
    ...from.stopTest,
    kind: "voiceActivity",
    what: "the user starts to speak; beside it an empty serverContent",
    models: ["3.8-live"],
    frame: { serverContent: {}, voiceActivity: { type: "ACTIVITY_START", audioOffset: "0.160s" } },
  },
  {
    ...from.transcribeProbe,
    kind: "voiceActivity",
    what: "the user has stopped; whole seconds have no decimals",
    models: ["3.5-transcribe-live"],
    frame: { serverContent: {}, voiceActivity: { type: "ACTIVITY_END", audioOffset: "5s" } },
  },
  {
    ...from.activityReport,
    kind: "voiceActivity",
    what: "3.1 sends it, 3.8 is said not to",
    models: ["3.1-flash-live"],
    frame: { serverContent: {}, voiceActivity: { type: "ACTIVITY_START", audioOffset: "0.440s" } },
  },
  {
    ...from.sdk,
    kind: "voiceActivity",
    what: "voiceActivityType, into which the SDK renames type for Vertex AI",
    api: "vertex",
    frame: { voiceActivity: { voiceActivityType: "ACTIVITY_START", audioOffset: "0.440s" } },
  },
  {
    ...from.vertexReference,
    kind: "voiceActivityDetectionSignal",
    what: "start or end of speech, if explicitVadSignal was set",
    api: "vertex",
    frame: { voiceActivityDetectionSignal: { vadSignalType: "VAD_SIGNAL_TYPE_SOS" } },
  },
  {
    ...from.apiReference,
    kind: "inputTranscription",
    what: "what the user said",
    frame: { serverContent: { inputTranscription: { text: "Hi, can you hear me?" } } },
  },
  {
    ...from.translateClient,
    kind: "inputTranscription",
    what: "the language alone, before the first text",
    models: ["3.5-live-translate"],
    frame: { serverContent: { inputTranscription: { languageCode: "en" } } },
  },
  {
    ...from.translateClient,
    kind: "inputTranscription",
    what: "a fragment with its language",
    models: ["3.5-live-translate"],
    frame: { serverContent: { inputTranscription: { text: "Good day", languageCode: "en" } } },
  },
  {
    ...from.vertexReference,
    kind: "inputTranscription",
    what: "the last fragment says so",
    api: "vertex",
    frame: { serverContent: { inputTranscription: { text: "Goodbye.", finished: true } } },
  },
  {
    ...from.transcribe,
    kind: "interimInputTranscription",
    what: "what was understood so far",
    models: ["3.5-transcribe-live"],
    frame: { serverContent: { interimInputTranscription: { text: "hel" } } },
  },
  {
    ...from.transcribeProbe,
    kind: "interimInputTranscription",
    what: "the utterance so far; replaces the interim before",
    models: ["3.5-transcribe-live"],
    frame: { serverContent: { interimInputTranscription: { text: "And so, my fellow" } } },
  },
  {
    ...from.sdk,
    kind: "inputTranscription",
    what: "fields for speakers and times; not sent in Live today",
    frame: {
      serverContent: {
        inputTranscription: {
          text: "Hello",
          finished: true,
          languageCode: "en",
          speakerLabel: "1",
          startOffset: "0.100s",
          endOffset: "0.500s",
          words: [{ word: "Hello", startOffset: "0.100s", endOffset: "0.500s" }],
        },
      },
    },
  },
];
