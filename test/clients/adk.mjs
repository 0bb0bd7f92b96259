// Drives Google's Agent Development Kit: an agent with one tool, run live.

import { FunctionTool, InMemoryRunner, LiveRequestQueue, LlmAgent, LogLevel, setLogLevel } from "@google/adk";
import { z } from "zod";

setLogLevel(LogLevel.ERROR + 1);

/** @type {import("./scenarios").Open} */
export async function open({ url, model, reports }) {
  process.env.GOOGLE_GEMINI_BASE_URL = url;
  process.env.GOOGLE_GENAI_API_KEY = "any";
  const weather = new FunctionTool({
    name: "get_weather",
    description: "Gets the weather of a city",
    parameters: z.object({ city: z.string() }),
    execute: (args) => reports.called("get_weather", args),
  });
  const agent = new LlmAgent({ name: "echo", model, tools: [weather] });
  const runner = new InMemoryRunner({ agent, appName: "test" });
  const liveRequestQueue = new LiveRequestQueue();
  const end = new AbortController();

  const events = runner.runLive({
    userId: "user",
    sessionId: "session",
    liveRequestQueue,
    runConfig: { responseModalities: ["AUDIO"], outputAudioTranscription: {}, inputAudioTranscription: {} },
    abortSignal: end.signal,
  });

  (async () => {
    for await (const event of events) {
      for (const { inlineData } of event.content?.parts ?? [])
        if (inlineData) reports.sounded(Buffer.from(inlineData.data, "base64"));
      if (event.partial && event.outputTranscription) reports.said(event.outputTranscription.text);
      if (event.interrupted) reports.interrupted();
      if (event.turnComplete) reports.turnEnded();
      if (event.errorCode) reports.failed(new Error(`${event.errorCode} ${event.errorMessage}`));
    }
  })().catch((error) => reports.failed(error));

  return {
    say: (text) => liveRequestQueue.sendContent({ role: "user", parts: [{ text }] }),
    hear: (pcm) =>
      liveRequestQueue.sendRealtime({ data: pcm.toString("base64"), mimeType: "audio/pcm;rate=16000" }),
    close() {
      end.abort();
      liveRequestQueue.close();
    },
  };
}
