// Frames that end an answer or a turn, and the tokens that it cost.

import type { Entry } from "../entry";
import * as from from "../sources";

const usage = {
  promptTokenCount: 768,
  responseTokenCount: 15,
  totalTokenCount: 783,
  promptTokensDetails: [
    { modality: "TEXT", tokenCount: 668 },
    { modality: "AUDIO", tokenCount: 100 },
  ],
  responseTokensDetails: [{ modality: "AUDIO", tokenCount: 15 }],
};

export const ends: readonly Entry[] = [
  {
    ...from.apiReference,
    kind: "generationComplete",
    what: "the whole answer was sent; it may still be playing",
    frame: { serverContent: { generationComplete: true } },
  },
  {
    ...from.apiReference,
    kind: "interrupted",
    what: "the user interrupted the answer",
    frame: { serverContent: { interrupted: true } },
  },
  {
    ...from.stopTest,
    kind: "generationComplete",
    what: "right behind the call, if the call does not block",
    models: ["3.8-live"],
    frame: { serverContent: { generationComplete: true } },
  },
  {
    ...from.stopTest,
    kind: "interrupted",
    what: "at the moment of ACTIVITY_START, 0.14 to 0.26 s after the user starts to speak",
    models: ["3.8-live"],
    frame: { serverContent: { interrupted: true } },
  },
  {
    ...from.resumeTest,
    kind: "turnComplete",
    what: "the turn is over, with its tokens in the same frame",
    models: ["3.8-live"],
    frame: { serverContent: { turnComplete: true }, usageMetadata: usage },
  },
  {
    ...from.apiReference,
    kind: "turnComplete",
    what: "with a reason, and that the model waits for more",
    frame: {
      serverContent: { turnComplete: true, turnCompleteReason: "NEED_MORE_INPUT", waitingForInput: true },
    },
  },
  {
    ...from.thinking,
    kind: "turnComplete",
    what: "end of a filler: the interaction goes on",
    models: ["3.8-live-extended-thinking"],
    frame: { serverContent: { turnComplete: true, interactionStatus: "IN_PROGRESS" }, usageMetadata: usage },
  },
  {
    ...from.thinking,
    kind: "turnComplete",
    what: "the interaction is over; status at the top, where the guide's code reads it",
    models: ["3.8-live-extended-thinking"],
    frame: { serverContent: { turnComplete: true }, interactionStatus: "IDLE", usageMetadata: usage },
  },
  {
    ...from.transcribeProbe,
    kind: "turnComplete",
    what: "an activity without audio; 1007 follows",
    models: ["3.5-transcribe-live"],
    frame: { serverContent: { turnComplete: true }, usageMetadata: {} },
  },
  {
    ...from.sdk,
    kind: "turnComplete",
    what: "all fields that a serverContent can have at the end of a turn",
    frame: {
      serverContent: {
        turnComplete: true,
        turnCompleteReason: "RESPONSE_REJECTED",
        waitingForInput: false,
        interactionStatus: "IDLE",
      },
    },
  },
  {
    ...from.sdk,
    kind: "usageMetadata",
    what: "all counts",
    frame: {
      usageMetadata: {
        ...usage,
        cachedContentTokenCount: 512,
        cacheTokensDetails: [{ modality: "TEXT", tokenCount: 512 }],
        toolUsePromptTokenCount: 40,
        toolUsePromptTokensDetails: [{ modality: "TEXT", tokenCount: 40 }],
        thoughtsTokenCount: 136,
        serviceTier: "standard",
      },
    },
  },
  {
    ...from.usageReport,
    kind: "usageMetadata",
    what: "the total leaves out the thoughts",
    models: ["3.8-live"],
    frame: {
      usageMetadata: {
        promptTokenCount: 522,
        responseTokenCount: 42,
        totalTokenCount: 564,
        thoughtsTokenCount: 136,
      },
    },
  },
  {
    ...from.translateClient,
    kind: "usageMetadata",
    what: "alone, again and again while the user speaks",
    models: ["3.5-live-translate"],
    frame: { usageMetadata: { promptTokenCount: 120, responseTokenCount: 80, totalTokenCount: 200 } },
  },
  {
    ...from.translateTest,
    kind: "usageMetadata",
    what: "beside an empty serverContent",
    models: ["3.5-live-translate"],
    frame: { serverContent: {}, usageMetadata: usage },
  },
  {
    ...from.sdk,
    kind: "usageMetadata",
    what: "Vertex AI calls the model's side candidates",
    api: "vertex",
    frame: {
      usageMetadata: {
        promptTokenCount: 69,
        candidatesTokenCount: 176,
        totalTokenCount: 245,
        promptTokensDetails: [{ modality: "TEXT", tokenCount: 11 }],
        candidatesTokensDetails: [{ modality: "AUDIO", tokenCount: 150 }],
        trafficType: "ON_DEMAND",
      },
    },
  },
  {
    ...from.sdk,
    kind: "usageMetadata",
    what: "Vertex AI counts tool responses and thoughts under the names of the Gemini API",
    api: "vertex",
    frame: {
      usageMetadata: {
        promptTokenCount: 69,
        candidatesTokenCount: 176,
        toolUsePromptTokenCount: 12,
        thoughtsTokenCount: 30,
        totalTokenCount: 257,
        promptTokensDetails: [{ modality: "TEXT", tokenCount: 11 }],
        candidatesTokensDetails: [{ modality: "AUDIO", tokenCount: 150 }],
        toolUsePromptTokensDetails: [{ modality: "TEXT", tokenCount: 12 }],
      },
    },
  },
];
