// Drives Pipecat's Gemini Live transport. Its microphone and its loudspeaker are a media manager of the test.

import { PipecatClient } from "@pipecat-ai/client-js";
import { GeminiLiveWebsocketTransport } from "@pipecat-ai/gemini-live-websocket-transport";
import { redirectTo } from "./google-host.mjs";

// What the client needs of a browser, beside a WebSocket.
globalThis.window = { navigator: globalThis.navigator };
globalThis.FileReader = class {
  async readAsText(blob) {
    this.result = await blob.text();
    this.onload();
  }
};

/** The transport says that its sound has 24 kHz. */
function to24k(pcm) {
  const from = new Int16Array(new Uint8Array(pcm).buffer);
  return Int16Array.from({ length: from.length * 1.5 }, (_, i) => from[Math.floor(i / 1.5)]);
}

/** @type {import("./scenarios").Open} */
export async function open({ url, model, reports }) {
  redirectTo(url);
  let microphone;
  const nothing = async () => {};
  const media = {
    setUserAudioCallback: (callback) => {
      microphone = callback;
    },
    setClientOptions() {},
    initialize: nothing,
    connect: nothing,
    disconnect: nothing,
    userStartedSpeaking: async () => reports.interrupted(),
    bufferBotAudio: (data) => reports.sounded(data),
    tracks: () => ({ local: {} }),
  };
  // Native audio models refuse a setup without a modality, which is the transport's default.
  const settings = { response_modalities: ["AUDIO"] };
  const transport = new GeminiLiveWebsocketTransport({ api_key: "any", model, settings }, media);
  const client = new PipecatClient({
    transport,
    enableMic: false,
    callbacks: {
      onBotStoppedSpeaking: () => reports.turnEnded(),
      onError: (message) => reports.failed(new Error(JSON.stringify(message))),
    },
  });
  await client.connect();
  return {
    say: (text) => client.appendToContext({ role: "user", content: text, run_immediately: true }),
    hear: (pcm) => microphone(to24k(pcm).buffer),
    close: () => client.disconnect(),
  };
}
