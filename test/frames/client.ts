// Every kind of client frame, in the shape it has on the wire. A frame has one field; its setup is the first and comes once.

import { setups } from "./client/setups";
import type { Entry } from "./entry";
import * as from from "./sources";

const pcm = { data: "AAA=", mimeType: "audio/pcm;rate=16000" };
const user = (text: string) => ({ role: "user", parts: [{ text }] });

const inputs: readonly Entry[] = [
  {
    ...from.apiReference,
    kind: "clientContent",
    what: "text for the history that asks for an answer",
    frame: { clientContent: { turns: [user("Hi.")], turnComplete: true } },
  },
  {
    ...from.apiReference,
    kind: "clientContent",
    what: "history; the server waits for more",
    frame: {
      clientContent: {
        turns: [user("Hi."), { role: "model", parts: [{ text: "Hello." }] }],
        turnComplete: false,
      },
    },
  },
  {
    ...from.imageProbe,
    kind: "clientContent",
    what: "a text and an image as one turn; 3.1 closes with 1007",
    models: ["2.5-native-audio"],
    frame: {
      clientContent: {
        turns: [
          {
            role: "user",
            parts: [{ text: "What is this?" }, { inlineData: { data: "/9g=", mimeType: "image/jpeg" } }],
          },
        ],
        turnComplete: true,
      },
    },
  },
  {
    ...from.sdk,
    kind: "clientContent",
    what: "nothing new: the model shall answer",
    frame: { clientContent: { turnComplete: true } },
  },
  {
    ...from.capabilities,
    kind: "clientContent",
    what: "a turn without a role: 3.1 and 3.8 refuse it",
    models: ["2.5-native-audio"],
    frame: { clientContent: { turns: [{ parts: [{ text: "Hi." }] }], turnComplete: true } },
  },
  {
    ...from.apiReference,
    kind: "realtimeInput",
    what: "audio, PCM16 LE mono of any rate that is named",
    frame: { realtimeInput: { audio: pcm } },
  },
  {
    ...from.apiReference,
    kind: "realtimeInput",
    what: "a picture, JPEG or PNG",
    frame: { realtimeInput: { video: { data: "/9g=", mimeType: "image/jpeg" } } },
  },
  { ...from.apiReference, kind: "realtimeInput", what: "text", frame: { realtimeInput: { text: "Hi." } } },
  {
    ...from.apiReference,
    kind: "realtimeInput",
    what: "the microphone is off; automatic turn detection only",
    frame: { realtimeInput: { audioStreamEnd: true } },
  },
  {
    ...from.apiReference,
    kind: "realtimeInput",
    what: "the user's turn starts; manual turn detection only",
    frame: { realtimeInput: { activityStart: {} } },
  },
  {
    ...from.apiReference,
    kind: "realtimeInput",
    what: "the user's turn ends; manual turn detection only",
    frame: { realtimeInput: { activityEnd: {} } },
  },
  {
    ...from.apiReference,
    kind: "realtimeInput",
    what: "deprecated; 3.1 and 3.8 close with 1007",
    models: ["3.5-transcribe-live", "2.5-native-audio"],
    frame: { realtimeInput: { mediaChunks: [pcm] } },
  },
];

const responses: readonly Entry[] = [
  {
    ...from.tools,
    kind: "toolResponse",
    what: "the result of a call",
    frame: {
      toolResponse: {
        functionResponses: [{ id: "call_360228", name: "book_slot", response: { output: "booked" } }],
      },
    },
  },
  {
    ...from.tools,
    kind: "toolResponse",
    what: "of a non-blocking call: when to speak about it",
    models: ["3.8-live", "2.5-native-audio"],
    frame: {
      toolResponse: {
        functionResponses: [
          { id: "call_360228", name: "book_slot", response: { output: "booked" }, scheduling: "WHEN_IDLE" },
        ],
      },
    },
  },
  {
    ...from.sdk,
    kind: "toolResponse",
    what: "of a non-blocking call: further responses follow; not on Vertex AI",
    models: ["3.8-live", "2.5-native-audio"],
    frame: {
      toolResponse: {
        functionResponses: [
          {
            id: "call_360228",
            name: "book_slot",
            response: { output: "half" },
            scheduling: "SILENT",
            willContinue: true,
          },
        ],
      },
    },
  },
  {
    ...from.publishedLogs,
    kind: "toolResponse",
    what: "without a name: the id is enough",
    models: ["3.8-live"],
    frame: { toolResponse: { functionResponses: [{ id: "call_360228", response: { error: "busy" } }] } },
  },
];

const updates: readonly Entry[] = [
  {
    ...from.vertexReference,
    kind: "contextUpdate",
    what: "another instruction and other tools within a session; an empty list clears them",
    models: ["3.8-live"],
    api: "vertex",
    frame: {
      contextUpdate: { systemInstruction: user("Be brief."), tools: { tools: [{ googleSearch: {} }] } },
    },
  },
];

/** All frames of clients, those for Vertex AI too. */
export const clientFrames: readonly Entry[] = [...setups, ...inputs, ...responses, ...updates];
