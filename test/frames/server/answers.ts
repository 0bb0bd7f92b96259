// Frames with what the model says, and with its tool calls.

import type { Entry } from "../entry";
import * as from from "../sources";

/** 24 kHz PCM16 LE, 2 bytes: the shortest chunk that was seen. */
const audio = { mimeType: "audio/pcm;rate=24000", data: "AAA=" };
const call = { id: "call_360228", name: "book_slot", args: { slot: "tomorrow 3pm" } };

export const answers: readonly Entry[] = [
  {
    ...from.apiReference,
    kind: "modelTurn",
    what: "audio",
    frame: { serverContent: { modelTurn: { role: "model", parts: [{ inlineData: audio }] } } },
  },
  {
    ...from.recordings,
    kind: "modelTurn",
    what: "audio of a turn without a role",
    models: ["2.5-native-audio"],
    frame: { serverContent: { modelTurn: { parts: [{ inlineData: audio }] } } },
  },
  {
    ...from.publishedLogs,
    kind: "modelTurn",
    what: "audio together with its transcript",
    models: ["3.8-live"],
    frame: {
      serverContent: {
        modelTurn: { role: "model", parts: [{ inlineData: audio }] },
        outputTranscription: { text: "Yes, I can hear " },
      },
    },
  },
  {
    ...from.capabilities,
    kind: "modelTurn",
    what: "several parts in one frame",
    models: ["3.8-live", "3.8-live-extended-thinking", "3.1-flash-live"],
    frame: {
      serverContent: { modelTurn: { role: "model", parts: [{ inlineData: audio }, { inlineData: audio }] } },
    },
  },
  {
    ...from.apiReference,
    kind: "modelTurn",
    what: "text",
    frame: { serverContent: { modelTurn: { role: "model", parts: [{ text: "Hello." }] } } },
  },
  {
    ...from.thinking,
    kind: "modelTurn",
    what: "a thought, if includeThoughts was set",
    models: ["3.8-live-extended-thinking", "3.1-flash-live", "2.5-native-audio"],
    frame: {
      serverContent: { modelTurn: { role: "model", parts: [{ text: "The user greets.", thought: true }] } },
    },
  },
  {
    ...from.recordings,
    kind: "modelTurn",
    what: "code in front of a tool call, without a code execution tool",
    models: ["2.5-native-audio"],
    frame: {
      serverContent: {
        modelTurn: {
          parts: [{ executableCode: { language: "PYTHON", code: "print(default_api.turn_on_lights())" } }],
        },
      },
    },
  },
  {
    ...from.sdk,
    kind: "modelTurn",
    what: "the result of code",
    frame: {
      serverContent: {
        modelTurn: { parts: [{ codeExecutionResult: { outcome: "OUTCOME_OK", output: "12" } }] },
      },
    },
  },
  {
    ...from.apiReference,
    kind: "outputTranscription",
    what: "a fragment of what the model says",
    frame: { serverContent: { outputTranscription: { text: " I help you today?" } } },
  },
  {
    ...from.translateClient,
    kind: "outputTranscription",
    what: "a fragment of the translation, with its language",
    models: ["3.5-live-translate"],
    frame: { serverContent: { outputTranscription: { text: "Guten Tag", languageCode: "de" } } },
  },
  {
    ...from.vertexReference,
    kind: "outputTranscription",
    what: "the last fragment says so",
    api: "vertex",
    frame: { serverContent: { outputTranscription: { text: "Goodbye.", finished: true } } },
  },
  {
    ...from.trailingAudio,
    kind: "outputTranscription",
    what: "the end of a transcript, without a text; the Gemini API was measured not to send it",
    frame: { serverContent: { outputTranscription: { finished: true } } },
  },
  {
    ...from.apiReference,
    kind: "groundingMetadata",
    what: "sources of an answer that searched",
    frame: {
      serverContent: {
        groundingMetadata: {
          webSearchQueries: ["weather in Bern"],
          searchEntryPoint: { renderedContent: "<div></div>" },
          groundingChunks: [{ web: { uri: "https://example.com/", title: "example.com" } }],
          groundingSupports: [{ segment: { endIndex: 9, text: "It rains." }, groundingChunkIndices: [0] }],
        },
      },
    },
  },
  {
    ...from.sdk,
    kind: "groundingMetadata",
    what: "further fields of sources",
    frame: {
      serverContent: {
        groundingMetadata: {
          groundingChunks: [
            { web: { uri: "https://example.com/", title: "example", domain: "example.com" } },
          ],
          groundingSupports: [
            {
              segment: { partIndex: 0, startIndex: 3, endIndex: 9, text: "rains." },
              groundingChunkIndices: [0],
              confidenceScores: [0.9],
            },
          ],
        },
      },
    },
  },
  {
    ...from.sdk,
    kind: "urlContextMetadata",
    what: "pages that the model read; no current model does",
    frame: {
      serverContent: {
        urlContextMetadata: {
          urlMetadata: [
            {
              retrievedUrl: "https://example.com/",
              urlRetrievalStatus: "URL_RETRIEVAL_STATUS_SUCCESS",
            },
          ],
        },
      },
    },
  },
  {
    ...from.apiReference,
    kind: "toolCall",
    what: "calls of functions",
    frame: { toolCall: { functionCalls: [call, { ...call, id: "call_360229", args: {} }] } },
  },
  {
    ...from.stopTest,
    kind: "toolCall",
    what: "a non-blocking call: call_ and 6 or 7 digits",
    models: ["3.8-live"],
    frame: { toolCall: { functionCalls: [call] } },
  },
  {
    ...from.stopTest,
    kind: "toolCall",
    what: "a blocking call: fc_ and 19 or 20 digits",
    models: ["3.8-live"],
    frame: { toolCall: { functionCalls: [{ ...call, id: "fc_14200725817497324105" }] } },
  },
  {
    ...from.recordings,
    kind: "toolCall",
    what: "function-call- and digits",
    models: ["2.5-native-audio"],
    frame: { toolCall: { functionCalls: [{ ...call, id: "function-call-12316206216573195061" }] } },
  },
  {
    ...from.thinking,
    kind: "toolCall",
    what: "beside it, at the top, that the interaction goes on",
    models: ["3.8-live-extended-thinking"],
    frame: { toolCall: { functionCalls: [call] }, interactionStatus: "IN_PROGRESS" },
  },
  {
    ...from.recordings,
    kind: "toolCall",
    what: "Vertex AI gives calls a UUID",
    api: "vertex",
    frame: { toolCall: { functionCalls: [{ ...call, id: "4d0d9b0a-6c0e-4f39-8a0d-0b3f0a8f7a55" }] } },
  },
  {
    ...from.apiReference,
    kind: "toolCallCancellation",
    what: "calls that are of no use any more; never seen on 3.8",
    frame: { toolCallCancellation: { ids: ["call_360228"] } },
  },
];
