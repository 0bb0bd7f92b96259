// Drives the realtime session of LiveKit's Google plugin, without a LiveKit room.

import { initializeLogger, llm } from "@livekit/agents";
import * as google from "@livekit/agents-plugin-google";
import { AudioFrame } from "@livekit/rtc-node";

initializeLogger({ pretty: false, level: "silent" });

const weather = llm.tool({
  name: "get_weather",
  description: "Gets the weather of a city",
  parameters: { type: "object", properties: { city: { type: "string" } } },
  execute: () => "",
});

async function read(stream, use) {
  for await (const item of stream) use(item);
}

/** @type {import("./scenarios").Open} */
export async function open({ url, model, reports }) {
  const realtime = new google.realtime.RealtimeModel({
    model,
    apiKey: "any",
    httpOptions: { baseUrl: url },
  });
  const session = realtime.session();
  await session.updateTools(new llm.ToolContext([weather]));

  async function tell(...items) {
    const context = session.chatCtx;
    context.items.push(...items);
    await session.updateChatCtx(context);
  }

  // It reports its own close before a resume as an error, with 1005.
  session.on("error", ({ error }) => error.statusCode !== 1005 && reports.failed(error));
  session.on("input_speech_started", () => reports.interrupted());
  session.on("generation_created", async ({ messageStream, functionStream }) => {
    const calls = read(functionStream, (call) => {
      const output = JSON.stringify(reports.called(call.name, JSON.parse(call.args)));
      tell(
        call,
        llm.FunctionCallOutput.create({ callId: call.callId, name: call.name, output, isError: false }),
      );
    });
    for await (const { audioStream, textStream } of messageStream)
      await Promise.all([
        read(audioStream, (frame) => reports.sounded(frame.data)),
        read(textStream, (text) => reports.said(text)),
      ]);
    await calls;
    reports.turnEnded();
  });

  return {
    async say(text) {
      await tell(llm.ChatMessage.create({ role: "user", content: text }));
      // Without instructions it sends an empty list of turns to 3.8, which the SDK refuses.
      await session.generateReply("Answer the user.");
    },
    hear: (pcm) =>
      session.pushAudio(new AudioFrame(new Int16Array(new Uint8Array(pcm).buffer), 16000, 1, pcm.length / 2)),
    close: () => session.close(),
  };
}
