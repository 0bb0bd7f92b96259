// Drives Google's SDK, both majors.

import { GoogleGenAI, Modality } from "@google/genai";

const tools = [
  {
    functionDeclarations: [
      { name: "get_weather", parameters: { type: "OBJECT", properties: { city: { type: "STRING" } } } },
    ],
  },
];

/** @type {import("./scenarios").Open} */
export async function open({ url, model, reports }) {
  const ai = new GoogleGenAI({ apiKey: "any", httpOptions: { baseUrl: url, apiVersion: "v1beta" } });
  let handle;
  let session;

  // In version 2, live.connect() never settles when the server refuses the setup; only onclose tells.
  const connect = () =>
    new Promise((resolve, reject) => {
      const config = {
        responseModalities: [Modality.AUDIO],
        inputAudioTranscription: {},
        outputAudioTranscription: {},
        sessionResumption: { handle },
        tools,
      };
      const callbacks = {
        onmessage: receive,
        onerror: ({ error, message }) => reports.failed(error ?? message),
        onclose: ({ code, reason }) => reject(new Error(`${code} ${reason}`)),
      };
      ai.live.connect({ model, config, callbacks }).then(resolve, reject);
    });

  function receive({ serverContent: content, toolCall, sessionResumptionUpdate: update }) {
    if (update?.resumable) handle = update.newHandle;
    for (const { inlineData } of content?.modelTurn?.parts ?? [])
      if (inlineData) reports.sounded(Buffer.from(inlineData.data, "base64"));
    if (content?.outputTranscription?.text) reports.said(content.outputTranscription.text);
    if (content?.interrupted) reports.interrupted();
    if (content?.turnComplete) reports.turnEnded();
    if (!toolCall) return;
    const functionResponses = toolCall.functionCalls.map(({ id, name, args }) => {
      return { id, name, response: reports.called(name, args) };
    });
    session.sendToolResponse({ functionResponses });
  }

  session = await connect();
  return {
    say: (text) => session.sendClientContent({ turns: text, turnComplete: true }),
    hear: (pcm) =>
      session.sendRealtimeInput({
        audio: { data: pcm.toString("base64"), mimeType: "audio/pcm;rate=16000" },
      }),
    async resume() {
      session.close();
      // 3.8 refuses the first resume right after a close.
      session = await connect().catch(connect);
    },
    close: () => session.close(),
  };
}
