// The order in which frames come: turns, interruptions, tool calls, and the start and end of connections.

import type { Sequence, Step } from "./entry";
import * as from from "./sources";

const HANDLE = "e94dd95e-51f0-4d0f-8f5d-7f0a4b9e2c33";

const server = (at: number | undefined, frame: object): Step => ({ at, by: "server", frame });
const client = (at: number | undefined, frame: object): Step => ({ at, by: "client", frame });

const usage = (promptTokenCount: number, responseTokenCount: number) => ({
  promptTokenCount,
  responseTokenCount,
  totalTokenCount: promptTokenCount + responseTokenCount,
});

const inlineData = { mimeType: "audio/pcm;rate=24000", data: "AAAAAAAAAAA=" };
const says = (text?: string) => ({
  serverContent: {
    modelTurn: { role: "model", parts: [{ inlineData }] },
    ...(text && { outputTranscription: { text } }),
  },
});
const transcript = (text: string) => ({ serverContent: { inputTranscription: { text } } });
const interim = (text: string) => ({ serverContent: { interimInputTranscription: { text } } });
const starts = (audioOffset: string) => ({
  serverContent: {},
  voiceActivity: { type: "ACTIVITY_START", audioOffset },
});
const stops = (audioOffset: string) => ({
  serverContent: {},
  voiceActivity: { type: "ACTIVITY_END", audioOffset },
});
const complete = { serverContent: { generationComplete: true } };
const interrupted = { serverContent: { interrupted: true } };
const ends = (usageMetadata: object) => ({ serverContent: { turnComplete: true }, usageMetadata });
const setup = { model: "models/gemini-3.8-live", sessionResumption: {} };
const calls = (id: string) => ({
  toolCall: { functionCalls: [{ id, name: "book_slot", args: { slot: "tomorrow 3pm" } }] },
});
const responds = (id: string) => ({
  toolResponse: { functionResponses: [{ id, name: "book_slot", response: { status: "booked" } }] },
});

/** A spoken turn with an answer, from the setup on. */
export const spokenTurn: Sequence = {
  ...from.resumeTest,
  what: "a turn by speech; turnComplete comes when the audio would have been played",
  models: ["3.8-live"],
  steps: [
    client(60, { setup }),
    server(321, { setupComplete: {} }),
    server(439, { sessionResumptionUpdate: { newHandle: HANDLE, resumable: true } }),
    server(542, starts("0.280s")),
    server(3105, transcript("Hi, can you hear me?")),
    server(3105, stops("2.840s")),
    server(3105, { serverContent: {} }),
    server(3106, says("Yes, I can hear ")),
    server(3122, {}),
    server(3122, says("you clearly. How can")),
    server(3400, {}),
    server(3400, says(" I help you today?")),
    server(3557, says()),
    server(3586, complete),
    server(6298, ends(usage(720, 99))),
  ],
};

export const sequences: readonly Sequence[] = [
  spokenTurn,
  {
    ...from.gatewayTest,
    what: "a turn by text",
    models: ["3.1-flash-live", "2.5-native-audio"],
    steps: [
      client(undefined, { realtimeInput: { text: "Say hello." } }),
      server(undefined, says("Hello there, friend.")),
      server(undefined, complete),
      server(undefined, ends(usage(147, 36))),
      server(undefined, { sessionResumptionUpdate: { newHandle: HANDLE, resumable: true } }),
    ],
  },
  {
    ...from.stopTest,
    what: "barge-in by voice: interrupted at the moment of the start; also after generationComplete, while the answer plays",
    models: ["3.8-live"],
    steps: [
      server(0, says("I have booked ")),
      server(500, complete),
      server(1234, starts("5.040s")),
      server(1234, interrupted),
      server(1235, ends(usage(768, 15))),
    ],
  },
  {
    ...from.stopTest,
    what: "barge-in by text",
    models: ["3.8-live"],
    steps: [
      server(0, says("I have booked ")),
      client(100, { realtimeInput: { text: "Stop." } }),
      server(116, interrupted),
      server(117, ends(usage(768, 15))),
      server(900, says("All right.")),
      server(930, complete),
      server(1900, ends(usage(790, 12))),
    ],
  },
  {
    ...from.apiReference,
    what: "an interrupted turn has no generationComplete",
    models: ["3.8-live", "3.8-live-extended-thinking", "3.1-flash-live", "2.5-native-audio"],
    steps: [
      server(undefined, says()),
      server(undefined, interrupted),
      server(undefined, { serverContent: { turnComplete: true } }),
    ],
  },
  {
    ...from.stopTest,
    what: "a non-blocking call ends the turn at once; the model speaks about the response in a turn of its own",
    models: ["3.8-live"],
    steps: [
      server(4121, transcript("Book me the 3:00 p.m. slot tomorrow, please.")),
      server(4121, stops("3.800s")),
      server(4122, calls("call_360228")),
      server(4122, complete),
      server(4122, ends(usage(768, 15))),
      client(8127, responds("call_360228")),
      server(9222, says("Your slot is ")),
      server(9418, says("booked.")),
      server(10647, complete),
      server(15433, ends(usage(934, 161))),
    ],
  },
  {
    ...from.stopTest,
    what: "a blocking call that is interrupted: the late response is accepted, and the model may call again with another id",
    models: ["3.8-live"],
    steps: [
      server(4172, stops("3.800s")),
      server(4174, calls("fc_11132236548283786759")),
      server(5327, starts("5.040s")),
      server(5328, interrupted),
      server(5328, ends(usage(768, 15))),
      client(8178, responds("fc_11132236548283786759")),
      server(8652, transcript("Actually, stop. Don't book it.")),
      server(8652, stops("8.360s")),
      server(8835, calls("fc_6738886162899464608")),
      client(12837, responds("fc_6738886162899464608")),
      server(13564, says("I'm sorry, but the booking ")),
      server(13830, says("was already made.")),
      server(14405, complete),
      server(17350, ends(usage(1934, 110))),
    ],
  },
  {
    ...from.tools,
    what: "a blocking call: the model waits, and one turnComplete ends the whole turn",
    models: ["3.1-flash-live"],
    steps: [
      server(undefined, calls("function-call-12316206216573195061")),
      client(undefined, responds("function-call-12316206216573195061")),
      server(undefined, says("Your slot is booked.")),
      server(undefined, complete),
      server(undefined, ends(usage(300, 60))),
    ],
  },
  {
    ...from.callOrder,
    what: "a blocking call on 2.5 ends the turn; the model waits, and speaks about the response in a turn of its own",
    models: ["2.5-native-audio"],
    steps: [
      server(undefined, calls("function-call-12316206216573195061")),
      server(undefined, complete),
      server(undefined, ends(usage(280, 20))),
      client(undefined, responds("function-call-12316206216573195061")),
      server(undefined, says("Your slot is booked.")),
      server(undefined, complete),
      server(undefined, ends(usage(300, 60))),
    ],
  },
  {
    ...from.trailingAudio,
    what: "audio trails a call: the rest of what the model said before it; then the turn ends",
    models: ["2.5-native-audio"],
    steps: [
      server(undefined, says("One moment please.")),
      server(undefined, calls("function-call-12316206216573195061")),
      server(undefined, { serverContent: { outputTranscription: { finished: true } } }),
      server(undefined, says()),
      server(undefined, complete),
      server(undefined, ends(usage(280, 20))),
    ],
  },
  {
    ...from.goAwayTest,
    what: "a mute resumed session: clientContent gets nothing but interrupted",
    models: ["3.8-live"],
    steps: [
      client(undefined, {
        clientContent: { turns: [{ role: "user", parts: [{ text: "Hello?" }] }], turnComplete: true },
      }),
      server(undefined, interrupted),
    ],
  },
  {
    ...from.tools,
    what: "an interruption can cancel calls; never seen on 3.8",
    models: ["3.1-flash-live", "2.5-native-audio"],
    steps: [
      server(undefined, calls("function-call-12316206216573195061")),
      server(undefined, interrupted),
      server(undefined, { toolCallCancellation: { ids: ["function-call-12316206216573195061"] } }),
      server(undefined, { serverContent: { turnComplete: true } }),
    ],
  },
  {
    ...from.thinking,
    what: "a filler, a call and the answer: the interaction ends with IDLE",
    models: ["3.8-live-extended-thinking"],
    steps: [
      server(undefined, says("Let me look. ")),
      server(undefined, { serverContent: { turnComplete: true, interactionStatus: "IN_PROGRESS" } }),
      server(undefined, { ...calls("call_360228"), interactionStatus: "IN_PROGRESS" }),
      client(undefined, responds("call_360228")),
      server(undefined, says("Your slot is booked.")),
      server(undefined, { serverContent: { turnComplete: true, interactionStatus: "IDLE" } }),
    ],
  },
  {
    ...from.transcribeProbe,
    what: "a segment: interims that replace each other, the text, and no turnComplete",
    models: ["3.5-transcribe-live"],
    steps: [
      client(0, { realtimeInput: { activityStart: {} } }),
      server(40, starts("0.440s")),
      server(1000, interim("And so")),
      server(1490, interim("And so, my fellow")),
      server(1980, interim("And so, my fellow")),
      client(3000, { realtimeInput: { activityEnd: {} } }),
      server(3260, transcript("And so, my fellow Americans")),
      server(3260, complete),
      server(3260, stops("3.680s")),
    ],
  },
  {
    ...from.transcribeProbe,
    what: "a segment without speech has no text",
    models: ["3.5-transcribe-live"],
    steps: [
      client(0, { realtimeInput: { activityStart: {} } }),
      server(40, starts("0s")),
      client(2000, { realtimeInput: { activityEnd: {} } }),
      server(2260, stops("2s")),
    ],
  },
  {
    ...from.translateClient,
    what: "both sides interleaved while the user speaks, and no end of a turn",
    models: ["3.5-live-translate"],
    steps: [
      server(undefined, { serverContent: { inputTranscription: { languageCode: "en" } } }),
      server(undefined, { serverContent: { inputTranscription: { text: "Good day", languageCode: "en" } } }),
      server(undefined, says()),
      server(undefined, {
        serverContent: { outputTranscription: { text: "Guten Tag", languageCode: "de" } },
      }),
      server(undefined, { serverContent: {}, usageMetadata: usage(120, 80) }),
      server(undefined, { serverContent: { inputTranscription: { text: " to you", languageCode: "en" } } }),
      server(undefined, says()),
      server(undefined, { serverContent: { outputTranscription: { text: " Ihnen", languageCode: "de" } } }),
      server(undefined, { usageMetadata: usage(140, 100) }),
    ],
  },
  {
    ...from.transcribeProbe,
    what: "the end of a connection: 1008 follows 50 s later",
    models: ["3.5-transcribe-live"],
    steps: [server(540_160, { goAway: { timeLeft: "50s" } })],
  },
  {
    ...from.goAwayTest,
    what: "a goAway with a long time at the start of a session",
    models: ["3.8-live"],
    steps: [
      server(0, { setupComplete: {} }),
      server(1000, { goAway: { timeLeft: "300s" } }),
      server(1500, says("Yes, I can hear you.")),
      server(1530, complete),
      server(3000, ends(usage(720, 40))),
    ],
  },
  {
    ...from.resumeTest,
    what: "a resume: a new handle at once; a pending call survives, and the response to its old id is accepted",
    models: ["3.8-live"],
    steps: [
      client(0, { setup: { ...setup, sessionResumption: { handle: HANDLE } } }),
      server(530, { setupComplete: {} }),
      server(531, {
        sessionResumptionUpdate: { newHandle: "311120e8-7351-4d0f-8f5d-7f0a4b9e2c33", resumable: true },
      }),
      client(1000, responds("call_360228")),
      server(1700, says("Your slot is booked.")),
      server(1730, complete),
      server(3000, ends(usage(934, 60))),
    ],
  },
];
