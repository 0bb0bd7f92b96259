// Frames about the session: its start, its resumption handles and its end.

import type { Entry } from "../entry";
import * as from from "../sources";

export const session: readonly Entry[] = [
  { ...from.resumeTest, kind: "setupComplete", what: "the setup was accepted", frame: { setupComplete: {} } },
  {
    ...from.sdk,
    kind: "setupComplete",
    what: "signature of the consent to a replicated voice",
    frame: { setupComplete: { voiceConsentSignature: { signature: "c2ln" } } },
  },
  {
    ...from.vertexReference,
    kind: "setupComplete",
    what: "Vertex AI gives the session an id",
    api: "vertex",
    frame: { setupComplete: { sessionId: "0b0c5e0e-3f2a-4f5c-9d7e-2f8a1f1d6c11" } },
  },
  {
    ...from.resumeTest,
    kind: "sessionResumptionUpdate",
    what: "a resumption handle of 36 characters",
    models: ["3.8-live"],
    frame: {
      sessionResumptionUpdate: { newHandle: "e94dd95e-51f0-4d0f-8f5d-7f0a4b9e2c33", resumable: true },
    },
  },
  {
    ...from.apiReference,
    kind: "sessionResumptionUpdate",
    what: "a resume is not possible now: the model generates or waits for a tool response",
    frame: { sessionResumptionUpdate: { newHandle: "", resumable: false } },
  },
  {
    ...from.sdk,
    kind: "sessionResumptionUpdate",
    what: "transparent resumption: the last client message that the handle covers",
    api: "vertex",
    frame: {
      sessionResumptionUpdate: {
        newHandle: "e94dd95e-51f0-4d0f-8f5d-7f0a4b9e2c33",
        resumable: true,
        lastConsumedClientMessageIndex: "17",
      },
    },
  },
  {
    ...from.sessions,
    kind: "goAway",
    what: "the connection will end",
    frame: { goAway: { timeLeft: "60s" } },
  },
  {
    ...from.transcribeProbe,
    kind: "goAway",
    what: "the connection ends in 50 s",
    frame: { goAway: { timeLeft: "50s" } },
  },
  {
    ...from.goAwayTest,
    kind: "goAway",
    what: "one second into a session, with a long time",
    models: ["3.8-live"],
    frame: { goAway: { timeLeft: "300s" } },
  },
  {
    ...from.publishedLogs,
    kind: "empty",
    what: "a frame without any field, before most frames with audio",
    models: ["3.8-live"],
    frame: {},
  },
  {
    ...from.publishedLogs,
    kind: "serverContent",
    what: "no content, before the first frame with audio",
    models: ["3.8-live"],
    frame: { serverContent: {} },
  },
  {
    ...from.proxyReport,
    kind: "error",
    what: "an error in place of a close",
    frame: { error: { code: 429, message: "Resource has been exhausted.", status: "RESOURCE_EXHAUSTED" } },
  },
];
