// Drives Mastra's voice for Gemini Live.

import { GeminiLiveVoice } from "@mastra/voice-google-gemini-live";
import { redirectTo } from "./google-host.mjs";

/** @type {import("./scenarios").Open} */
export async function open({ url, model, reports }) {
  redirectTo(url);
  const voice = new GeminiLiveVoice({ apiKey: "any", model, sessionConfig: { enableResumption: true } });
  voice.addTools({
    get_weather: {
      description: "Gets the weather of a city",
      inputSchema: { type: "object", properties: { city: { type: "string" } } },
      execute: (args) => reports.called("get_weather", args),
    },
  });
  voice.on("speaking", ({ audioData }) => reports.sounded(audioData));
  voice.on("writing", ({ text, role }) => role === "assistant" && reports.said(text));
  voice.on("interrupt", () => reports.interrupted());
  voice.on("turnComplete", () => reports.turnEnded());
  voice.on("error", ({ message, details }) => reports.failed(new Error(`${message} ${details ?? ""}`)));
  let handle;
  voice.on("sessionHandle", (event) => {
    handle = event.handle;
  });
  await voice.connect();
  return {
    say: (text) => voice.speak(text),
    hear: (pcm) => voice.send(new Int16Array(new Uint8Array(pcm).buffer)),
    async resume() {
      await voice.disconnect();
      await voice.resumeSession(handle ?? voice.getSessionHandle());
    },
    close: () => voice.disconnect(),
  };
}
