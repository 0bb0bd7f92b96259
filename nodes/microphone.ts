// gemini-microphone: sends the sound of a microphone of the machine that Node-RED runs on.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../audio/clock";
import { Framer } from "../audio/frames";
import { InputError } from "../live/server/errors";
import { onFlowsStarted } from "./flow/flow-start";
import type { FlowMessage } from "./flow/messages";
import { rejectMessages } from "./settings/invalid-settings";
import { microphone } from "./settings/microphone";
import { readSettings, type SettingsOf } from "./settings/table";
import { serveDevices } from "./sound-device/devices";
import { commandFor } from "./sound-device/programs";
import { Recorder } from "./sound-device/recorder";
import { run } from "./sound-device/run";

/** The buffer of the device, in milliseconds: how long this process may be busy before sound is lost. */
const DEVICE_BUFFER_MS = 200;

export = (RED: NodeAPI) => {
  function Microphone(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runMicrophone(RED, this, readSettings(microphone, def));
    } catch (error) {
      rejectMessages(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-microphone", Microphone);
  serveDevices(RED, "microphone");
};

function runMicrophone(RED: NodeAPI, node: Node, settings: SettingsOf<typeof microphone>) {
  const { program, device, frameMs } = settings;
  const sampleRate = Number(settings.sampleRate);
  const format = { sampleRate, channels: 1, device: device.trim(), bufferMs: DEVICE_BUFFER_MS };
  const mimeType = `audio/pcm;rate=${sampleRate}`;
  let framer = new Framer(sampleRate, frameMs);
  let isMuted = false;
  /** Sound was sent, and not its end. */
  let isOpen = false;
  const send = (msg: FlowMessage) => node.send(msg);

  const showRecording = () =>
    isMuted
      ? node.status({ fill: "grey", shape: "ring", text: RED._("microphone.badge.muted") })
      : node.status({ fill: "green", shape: "dot", text: RED._("microphone.badge.recording") });

  const recorder = new Recorder({
    clock: systemClock,
    sampleRate,
    command: () => commandFor("microphone", program, format),
    run: (command, handlers) => run("microphone", command, format.device, handlers),
    onSound(chunk) {
      if (isMuted) return;
      for (const payload of framer.push(chunk)) {
        isOpen = true;
        send({ payload, mimeType });
      }
    },
    onStart: showRecording,
    onFailure(error, isNew) {
      endSound();
      node.status({ fill: "red", shape: "ring", text: error.message });
      if (isNew) node.error(error, {});
    },
  });

  /** Sends the end of the sound, so that the model answers what it has heard. */
  const endSound = () => {
    framer = new Framer(sampleRate, frameMs);
    if (isOpen) send({ action: "audioStreamEnd" });
    isOpen = false;
  };

  const actions: Record<string, () => unknown> = {
    start: () => recorder.start(),
    async stop() {
      endSound();
      node.status({ fill: "grey", shape: "ring", text: RED._("microphone.badge.stopped") });
      await recorder.stop();
    },
    mute() {
      isMuted = true;
      endSound();
      if (recorder.isRecording) showRecording();
    },
    unmute() {
      isMuted = false;
      if (recorder.isRecording) showRecording();
    },
  };

  node.on("input", (msg: FlowMessage, _send, done) => {
    const perform = async ({ action }: FlowMessage) => {
      if (typeof action === "string" && Object.hasOwn(actions, action)) return actions[action]?.();
      const given = typeof action === "string" ? JSON.stringify(action) : `of type ${typeof action}`;
      throw new InputError(
        `msg.action is ${given}. The microphone knows ${Object.keys(actions).join(", ")}.`,
      );
    };
    perform(msg).then(() => done(), done);
  });
  // Not before, because the nodes behind it and the Catch nodes may not exist yet.
  const cancelStart = onFlowsStarted(RED, () => {
    cancelStart();
    if (settings.startWithFlow) recorder.start();
  });
  node.on("close", (done: () => void) => {
    cancelStart();
    recorder.stop().then(done, done);
  });
}
