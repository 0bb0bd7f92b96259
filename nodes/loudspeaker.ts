// gemini-loudspeaker: plays sound on a loudspeaker of the machine that Node-RED runs on.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../audio/clock";
import { parseMimeType } from "../audio/formats";
import { sampleBytes } from "../audio/frames";
import { InputError } from "../live/server/errors";
import type { FlowMessage } from "./flow/messages";
import { rejectMessages } from "./settings/invalid-settings";
import { loudspeaker } from "./settings/loudspeaker";
import { readSettings, type SettingsOf } from "./settings/table";
import { serveDevices } from "./sound-device/devices";
import { Player } from "./sound-device/player";
import { commandFor } from "./sound-device/programs";
import { run } from "./sound-device/run";

export = (RED: NodeAPI) => {
  function Loudspeaker(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runLoudspeaker(RED, this, readSettings(loudspeaker, def));
    } catch (error) {
      rejectMessages(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-loudspeaker", Loudspeaker);
  serveDevices(RED, "loudspeaker");
};

function runLoudspeaker(RED: NodeAPI, node: Node, settings: SettingsOf<typeof loudspeaker>) {
  const { program, deviceBufferMs: bufferMs, queueLimitSeconds } = settings;
  const device = settings.device.trim();
  /** The sound that is playing has lost some; reported once. */
  let hasDropped = false;

  const player = new Player({
    clock: systemClock,
    maxMs: 1_000 * queueLimitSeconds,
    command: (format) => commandFor("loudspeaker", program, { ...format, device, bufferMs }),
    run: (command, handlers) => run("loudspeaker", command, device, handlers),
    onChange(isPlaying) {
      hasDropped = false;
      node.status(isPlaying ? { fill: "green", shape: "dot", text: RED._("loudspeaker.badge.playing") } : {});
    },
    onFailure(error, isNew) {
      node.status({ fill: "red", shape: "ring", text: error.message });
      if (isNew) node.error(error, {});
    },
    onDrop() {
      if (!hasDropped)
        node.warn(
          `More than ${queueLimitSeconds} s of sound wait to be played. The oldest is dropped. ` +
            "Send the sound in real time, or raise the queue limit.",
        );
      hasDropped = true;
    },
  });

  const receive = (msg: FlowMessage) => {
    const { event, action, payload, mimeType = "audio/pcm;rate=24000" } = msg;
    if (event === "interrupted" || event === "flush" || action === "interrupt" || action === "flush")
      return player.flush();
    // Other events come on the same wire, and do not concern the device.
    if (event !== undefined) return;
    if (!Buffer.isBuffer(payload))
      throw new InputError("msg.payload is not a Buffer. The loudspeaker plays 16-bit PCM.");
    const format = parseMimeType(mimeType);
    if (typeof format === "string" || format.encoding !== "s16le" || format.channels > 2)
      throw new InputError(
        `mimeType "${mimeType}" is not supported. The loudspeaker plays 16-bit little-endian PCM, mono or stereo.`,
      );
    if (payload.length % (sampleBytes * format.channels) !== 0)
      throw new InputError(
        `The sound of ${payload.length} bytes ends in the middle of a sample. Send whole 16-bit samples.`,
      );
    player.play(payload, format);
  };

  node.on("input", (msg: FlowMessage, _send, done) => {
    try {
      receive(msg);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
  node.on("close", (done: () => void) => {
    player.close().then(done, done);
  });
}
