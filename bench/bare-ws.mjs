// The least that a program can do between a device and the Live server: a WebSocket on each side, JSON and base64.

import { once } from "node:events";
import { WebSocket } from "ws";

export async function open({ url, model, reports }) {
  const socket = new WebSocket(url.replace("http", "ws"), { perMessageDeflate: false });
  await once(socket, "open");
  socket.send(JSON.stringify({ setup: { model: `models/${model}` } }));
  await once(socket, "message");
  socket.on("message", (data) => {
    const { serverContent } = JSON.parse(data);
    const part = serverContent?.modelTurn?.parts[0];
    if (part) reports.sounded(Buffer.from(part.inlineData.data, "base64"));
    if (serverContent?.interrupted) reports.interrupted();
  });
  return {
    hear: (pcm) =>
      socket.send(
        `{"realtimeInput":{"audio":{"data":"${pcm.base64Slice()}","mimeType":"audio/pcm;rate=16000"}}}`,
      ),
    close: () => socket.close(),
  };
}
