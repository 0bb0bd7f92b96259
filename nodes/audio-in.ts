// gemini-audio-in: any sound that a flow can bring, one stream for each session key, becomes 16 kHz mono PCM frames.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../audio/clock";
import { checkedFormat, type PcmFormat } from "../audio/formats";
import { Intake } from "../audio/intake";
import { loadResampler } from "../audio/resampler";
import { type FlowMessage, type Identity, identityOf } from "./messages";
import { choiceSetting, numberSetting, refuseEverything } from "./settings";

interface AudioInDef extends NodeDef {
  /** `auto` (a WAV header, the message's mimeType, else 16 kHz mono) or `pcm`, described by the next two. */
  format: string;
  sampleRate: unknown;
  channels: unknown;
  frameMs: unknown;
  /** Milliseconds without sound after which the stream counts as ended; 0: never. */
  endAfterMs: unknown;
}

/** The sound of one session key. */
interface Stream {
  intake: Intake;
  identity: Identity;
  /** Clock time of the last sound, in milliseconds. */
  heardAt: number;
}

const MIME_TYPE = "audio/pcm;rate=16000";
/** How often it is looked for streams that have ended, in milliseconds. */
const SWEEP_MS = 50;
/** Milliseconds without sound after which a stream is let go even if its end is not to be told. */
const FORGET_MS = 60_000;

export default function (RED: NodeAPI) {
  function AudioIn(this: Node, def: AudioInDef) {
    RED.nodes.createNode(this, def);
    try {
      runAudioIn(this, def);
    } catch (error) {
      refuseEverything(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-audio-in", AudioIn);
}

function runAudioIn(node: Node, def: AudioInDef) {
  const format = readFormat(def);
  const frameMs = numberSetting("frame length", def.frameMs, 10, 200, 20);
  const endAfterMs = numberSetting("end after", def.endAfterMs, 0, FORGET_MS, 1_000);
  const streams = new Map<string, Stream>();
  const ready = loadResampler();
  let cancelSweep: (() => void) | undefined;

  const receive = (msg: FlowMessage, send: (msg: FlowMessage) => void) => {
    if (msg.action !== undefined) return send(msg);
    const identity = identityOf(msg);
    const intake = streams.get(identity.session)?.intake ?? new Intake({ format, frameMs });
    const mimeType = msg.mimeType === undefined ? undefined : String(msg.mimeType);
    const frames = intake.push(msg.payload, mimeType);
    // Only now: what is refused begins no stream.
    streams.set(identity.session, { intake, identity, heardAt: systemClock.now() });
    cancelSweep ??= systemClock.after(SWEEP_MS, sweep);
    for (const payload of frames) send({ ...msg, payload, mimeType: MIME_TYPE });
  };

  const sweep = () => {
    const now = systemClock.now();
    for (const [key, stream] of streams) {
      const silent = now - stream.heardAt;
      if (silent < (endAfterMs || FORGET_MS)) continue;
      streams.delete(key);
      if (endAfterMs) endStream(node, stream);
      stream.intake.free();
    }
    cancelSweep = streams.size ? systemClock.after(SWEEP_MS, sweep) : undefined;
  };

  let closed = false;
  node.on("input", (msg: FlowMessage, send, done) => {
    ready.then(() => closed || receive(msg, send)).then(() => done(), done);
  });
  node.on("close", () => {
    closed = true;
    cancelSweep?.();
    for (const { intake } of streams.values()) intake.free();
  });
}

/** Sends what is left of a stream, and that it has ended. */
function endStream(node: Node, { intake, identity }: Stream) {
  const send = (msg: FlowMessage) => node.send({ ...identity, ...msg });
  try {
    for (const payload of intake.end()) send({ payload, mimeType: MIME_TYPE });
  } catch (error) {
    node.error(error, { ...identity });
  }
  send({ action: "audioStreamEnd" });
}

function readFormat(def: AudioInDef): "auto" | PcmFormat {
  if (choiceSetting("format", def.format, ["auto", "pcm"]) === "auto") return "auto";
  return checkedFormat(Number(def.sampleRate), Number(def.channels), "The setting of the audio in node");
}
