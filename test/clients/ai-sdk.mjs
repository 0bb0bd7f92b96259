// Drives the realtime model of the AI SDK's Google provider, with an ephemeral token. The SDK makes and reads the
// frames; the application holds the WebSocket.

import { createGoogle } from "@ai-sdk/google";
import { WebSocket } from "ws";

const config = {
  outputModalities: ["audio"],
  inputAudioTranscription: {},
  outputAudioTranscription: {},
  inputAudioFormat: { type: "audio/pcm", rate: 16000 },
  tools: [
    {
      type: "function",
      name: "get_weather",
      parameters: { type: "object", properties: { city: { type: "string" } }, additionalProperties: false },
    },
  ],
};

/** @type {import("./scenarios").Open} */
export async function open({ url, model, reports }) {
  const realtime = createGoogle({ baseURL: `${url}/v1beta`, apiKey: "any" }).experimental_realtime(model);
  let handle;
  let socket;

  async function send(event) {
    const frame = await realtime.serializeClientEvent(event);
    if (frame) socket.send(JSON.stringify(frame));
  }

  const receive = {
    "audio-delta": ({ delta }) => reports.sounded(Buffer.from(delta, "base64")),
    "audio-transcript-delta": ({ delta }) => reports.said(delta),
    "speech-started": () => reports.interrupted(),
    "response-done": () => reports.turnEnded(),
    error: ({ message }) => reports.failed(new Error(message)),
    custom({ rawType, raw }) {
      if (rawType === "sessionResumptionUpdate") handle = raw.sessionResumptionUpdate.newHandle ?? handle;
    },
    "function-call-arguments-done": ({ callId, name, arguments: args }) =>
      send({
        type: "conversation-item-create",
        item: {
          type: "function-call-output",
          callId,
          name,
          output: JSON.stringify(reports.called(name, JSON.parse(args))),
        },
      }),
  };

  async function connect() {
    const sessionConfig = { ...config, providerOptions: { sessionResumption: { handle } } };
    const token = await realtime.doCreateClientSecret({ sessionConfig });
    socket = new WebSocket(realtime.getWebSocketConfig(token).url);
    const parse = realtime.createServerEventParser();
    await new Promise((resolve, reject) => {
      socket.on("open", () => send({ type: "session-update", config: sessionConfig }));
      socket.on("message", (data) => {
        for (const event of [parse(JSON.parse(data.toString()))].flat())
          if (event.type === "session-created") resolve();
          else receive[event.type]?.(event);
      });
      socket.on("error", reject).on("close", (code, reason) => reject(new Error(`${code} ${reason}`)));
    });
  }

  await connect();
  return {
    say: (text) =>
      send({ type: "conversation-item-create", item: { type: "text-message", role: "user", text } }),
    hear: (pcm) => send({ type: "input-audio-append", audio: pcm.toString("base64") }),
    resume() {
      socket.close();
      // 3.8 refuses the first resume right after a close.
      return connect().catch(connect);
    },
    close: () => socket.close(),
  };
}
