// The recipe of the README for a device that connects over TCP, with ffmpeg as microphone and loudspeaker.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { cleanUp } from "../clean-up";
import { node } from "../flow-node";
import { DEADLINE_MS } from "../inbox";
import { listenAsEditor, post, startNodeRed } from "../node-red";
import { freePort } from "../plain-node-red";
import { describeWithPrograms } from "../sound-programs";
import { correlation, silence, speech } from "../speech";
import { AT_ONCE, ffmpeg, MICROPHONE } from "./ffmpeg";

/** Connects to the port, as soon as a server listens there. */
async function connected(port: number): Promise<Socket> {
  for (const deadline = Date.now() + DEADLINE_MS; ; ) {
    const socket = connect(port, "127.0.0.1");
    const error = await once(socket, "connect").then(
      () => undefined,
      (error) => error,
    );
    if (!error) return socket;
    if (Date.now() > deadline) throw error;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A device with one connection to the flow, at whose plug a microphone and a loudspeaker can connect. */
async function openDevice(port: number) {
  const plugs = createServer().listen(0, "127.0.0.1");
  await once(plugs, "listening");
  cleanUp(() => plugs.close());
  const device = await connected(port);
  cleanUp(() => device.destroy());
  const plug = `tcp://127.0.0.1:${(plugs.address() as AddressInfo).port}`;
  const plugged = async () => (await once(plugs, "connection"))[0] as Socket;
  return { device, plug, plugged };
}

describeWithPrograms(["ffmpeg"], "the recipe of the README: TCP", () => {
  it("a device that sends a WAV stream without a length hears the answer, and its conversation ends when it disconnects", async () => {
    const nodeRed = await startNodeRed();
    cleanUp(() => nodeRed.stop());
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(() => news.close());
    const port = await freePort();
    await post(nodeRed, "/flows", [
      { id: "tab", type: "tab", label: "recipe" },
      { id: "connection", type: "gemini-live-config", server: "simulator" },
      node("in", "tcp in", { server: "server", port: String(port), datamode: "stream", datatype: "buffer" }, [
        ["audio-in"],
      ]),
      node("audio-in", "gemini-audio-in", {}, [["session"]]),
      node("session", "gemini-live-session", { connection: "connection" }, [["audio-out"], [], [], []]),
      node("audio-out", "gemini-audio-out", {}, [["out"], ["playback"]]),
      node("out", "tcp out", { beserver: "reply" }),
      node("playback", "debug", { active: true, complete: "payload", targetType: "msg" }),
      node("status", "status", { scope: ["in"] }, [["session"]]),
    ]);
    const { device, plug, plugged } = await openDevice(port);
    const format = ["-f", "s16le", "-ar", "24000", "-ac", "1"];
    const loudspeaker = ffmpeg([...AT_ONCE, ...format, "-i", plug, "-f", "s16le", "-"]);
    device.pipe(await plugged());
    const microphone = ffmpeg([...MICROPHONE, "-f", "wav", plug]);
    microphone.program.stdin!.end(Buffer.concat([speech, silence(1_000)]));
    (await plugged()).pipe(device, { end: false });
    await news.debug.next(({ msg }) => msg.includes("turnComplete"));
    device.end();
    await news.badges.next(({ node, text }) => node === "session" && text === "closed");
    await loudspeaker.closed;
    assert.ok(correlation(speech, 16_000, loudspeaker.output(), 24_000) > 0.9);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });
});
