// The foreign clients, at pinned versions, and what each of them does not support or does wrong itself.

import type { Scenario } from "./scenarios";

/** A program that other people wrote for the Gemini Live API. */
export interface ForeignClient {
  name: string;
  /** npm packages with their versions */
  packages: readonly string[];
  /** the file of this folder that drives it */
  driver: string;
  model: string;
  /** scenarios that its public API does not offer, with the reason */
  unsupported?: Partial<Record<Scenario, string>>;
  /** scenarios that fail through its own fault, with the reason */
  faults?: Partial<Record<Scenario, string>>;
  /** what a reader of the table should know */
  note?: string;
}

const MODEL = "gemini-3.8-live";
const NATIVE = "gemini-2.5-flash-native-audio-preview-12-2025";

const redirected =
  "its public API has no server address; the test redirects its connections to Google's host below the client";

export const clients: readonly ForeignClient[] = [
  {
    name: "Google Gen AI SDK 2",
    packages: ["@google/genai@2.32.0"],
    driver: "genai.mjs",
    model: MODEL,
    note: "its live.connect() never settles when the server refuses the setup; the test listens to onclose as well",
  },
  {
    name: "Google Gen AI SDK 3",
    packages: ["@google/genai@3.1.0"],
    driver: "genai.mjs",
    model: MODEL,
    note: "its default API version is v1, which has no Live API; the test asks for v1beta",
  },
  {
    name: "AI SDK, Google provider",
    packages: ["@ai-sdk/google@4.0.121", "ws@8.23.0"],
    driver: "ai-sdk.mjs",
    model: MODEL,
  },
  {
    name: "LiveKit Agents, Google plugin",
    packages: ["@livekit/agents@1.9.0", "@livekit/agents-plugin-google@1.9.0", "@livekit/rtc-node@0.13.35"],
    driver: "livekit.mjs",
    model: MODEL,
    faults: {
      resume:
        "when the server refuses the first resume right after a close, as measured once on 3.8, it reports the refusal as final, and waits without a deadline for live.connect() of SDK 2, which then never settles (#mainTask in realtime_api.js)",
    },
    note: "on 3.8, generateReply() without instructions sends an empty list of turns, which the SDK refuses; the test gives instructions",
  },
  // On 3.8 it sends audio as mediaChunks, which 3.8 refuses. It expects another order of frames of each of these two models.
  {
    name: "Agent Development Kit, 3.1",
    packages: ["@google/adk@2.0.0", "zod@4.3.6"],
    driver: "adk.mjs",
    model: "gemini-3.1-flash-live-preview",
  },
  {
    name: "Agent Development Kit, 2.5",
    packages: ["@google/adk@2.0.0", "zod@4.3.6"],
    driver: "adk.mjs",
    model: NATIVE,
  },
  {
    name: "Mastra, Gemini Live voice",
    packages: ["@mastra/voice-google-gemini-live@0.11.3", "@mastra/core@1.71.0"],
    driver: "mastra.mjs",
    // Its models, 2.5 with native audio, refuse its setup, which asks for no modality.
    model: MODEL,
    faults: {
      speech: "it sends audio as mediaChunks, which models since 3.1 refuse",
      "barge-in":
        "it sends audio as mediaChunks, which models since 3.1 refuse, and does not read serverContent.interrupted",
      resume:
        "it sends a session_resume, which the API does not have, with an id of its own instead of the server's handle (sendSessionResumption() and disconnect(); mastra-ai/mastra issue 18119)",
    },
    note: redirected,
  },
  {
    name: "Pipecat, Gemini Live transport",
    packages: ["@pipecat-ai/gemini-live-websocket-transport@1.5.7", "@pipecat-ai/client-js@1.13.1"],
    driver: "pipecat.mjs",
    model: `models/${NATIVE}`,
    unsupported: {
      "tool call": "its settings have no tools, and it ignores toolCall",
      resume: "its settings have no sessionResumption, and it ignores sessionResumptionUpdate and goAway",
    },
    note: redirected,
  },
];

/** Clients that are not tried, and why. */
export const untried = {
  reason: "they need Python, and a new machine has only Node.js and npm",
  names: ["Pipecat", "LiveKit Agents for Python", "python-genai", "Agent Development Kit for Python"],
};
