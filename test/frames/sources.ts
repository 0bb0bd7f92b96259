// Where the frames of the corpus come from: documentation, measurements by others, and reports.

/** What an entry rests on. Only `documented` is a promise by Google. */
export interface Source {
  source: "documented" | "measured" | "reported";
  /** the page, thread or log */
  from: string;
  /** of the page's copy, the measurement or the report: a day, or a month if the day is not known */
  date: string;
}

const documented = (from: string, date: string): Source => ({ source: "documented", from, date });
const measured = (from: string, date: string): Source => ({ source: "measured", from, date });
const reported = (from: string, date: string): Source => ({ source: "reported", from, date });

export const apiReference = documented("Live API reference, ai.google.dev/api/live", "2026-06-01");
export const capabilities = documented(
  "Live API guide on capabilities, ai.google.dev/gemini-api/docs/live-api/capabilities",
  "2026-09-19",
);
export const tools = documented(
  "Live API guide on tools, ai.google.dev/gemini-api/docs/live-api/tools",
  "2026-09",
);
export const sessions = documented(
  "Live API guide on sessions, ai.google.dev/gemini-api/docs/live-api/session-management",
  "2026-09",
);
export const thinking = documented(
  "Live API guide on thinking, ai.google.dev/gemini-api/docs/live-api/thinking",
  "2026-09",
);
export const transcribe = documented(
  "Live API guide on transcription, ai.google.dev/gemini-api/docs/live-api/live-transcribe",
  "2026-09-14",
);
export const translate = documented(
  "Live API guide on translation, ai.google.dev/gemini-api/docs/live-api/live-translate",
  "2026-09-14",
);
export const vertexReference = documented("Gemini Live API reference of Vertex AI, Google Cloud", "2026-09");
export const sdk = documented("types and source of @google/genai 2.32.0 and 3.1.0", "2026-11-22");

export const resumeTest = measured(
  "logs of frontier-on-cloud/gemini-live-resume-test, gemini-3.8-live",
  "2026-10-02",
);
export const stopTest = measured(
  "logs of frontier-on-cloud/gemini-live-stop-test, gemini-3.8-live",
  "2026-09-29",
);
export const transcribeProbe = measured(
  "published report on probes of gemini-3.5-transcribe-live, with its frames",
  "2026-09-10",
);
export const translateTest = measured(
  "kizuna-ai-lab/sokuji pull requests 398 and 399, gemini-3.5-live-translate-preview",
  "2026-08-11",
);
export const translateClient = measured(
  "published client that checked three sessions of gemini-3.5-live-translate-preview on the wire",
  "2026-07-19",
);
export const recordings = measured(
  "recorded sessions in the tests of googleapis/js-genai, 2.x models",
  "2026-08",
);
export const publishedLogs = measured("published logs of clients of gemini-3.8-live", "2026-11");
export const goAwayTest = measured("livekit/agents-js pull request 2507, gemini-3.8-live", "2026-09-15");
export const schemaTest = measured("livekit/agents issue 7302, gemini-3.1 and 3.8", "2026-09-16");
export const imageProbe = measured(
  "pydantic/pydantic-ai issue 7362, probes of gemini-2.5-flash-native-audio-preview-09-2025",
  "2026-08-10",
);
export const gatewayTest = measured(
  "maximhq/bifrost pull request 4988, a text turn with a Live model",
  "2026-07-17",
);

export const activityReport = reported(
  "googleapis/python-genai issue 2981, gemini-3.1-flash-live-preview",
  "2026-09-18",
);
export const callOrder = reported(
  "comments in google/adk-python, gemini_llm_connection.py, its issue 5407, and a log in livekit/agents issue 6569",
  "2026-07-31",
);
export const trailingAudio = reported("livekit/agents issues 6569 and 7195", "2026-09-09");
export const usageReport = reported("Google AI developer forum, topic 188765, gemini-3.8-live", "2026-11");
export const proxyReport = reported("clients behind proxies that answer in place of the server", "2026-11");
