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

  const connect = () =>
    ai.live.connect({
      model,
      config: {
        responseModalities: [Modality.AUDIO],
        inputAudioTranscription: {},
        outputAudioTranscription: {},
        sessionResumption: { handle },
        tools,
      },
      callbacks: { onmessage: receive, onerror: ({ error, message }) => reports.failed(error ?? message) },
    });

  function receive({ serverContent: content, toolCall, sessionResumptionUpdate: update }) {
    if (update?.resumable) handle = update.newHandle;
    for (const { inlineData } of content?.modelTurn?.parts ?? [])
      if (inlineData) reports.sounded(Buffer.from(inlineData.data, "base64").length);
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
      session = await connect();
    },
    close: () => session.close(),
  };
}
