// gemini-audio-in: converts sound in any supported format to 16 kHz mono PCM frames, with one stream for each session key.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../audio/clock";
import { checkedFormat } from "../audio/formats";
import { Transcoder } from "../audio/transcoder";
import { type FlowMessage, type Identity, identityOf } from "./flow/messages";
import { audioIn } from "./settings/audio-in";
import { rejectMessages } from "./settings/invalid-settings";
import { readSettings } from "./settings/table";
import { resamplerLoader } from "./sound/resampler-loader";

/** The stream of one session key. */
interface Stream {
  transcoder: Transcoder;
  identity: Identity;
  /** Clock time of the last sound, in milliseconds. */
  heardAt: number;
}

const MIME_TYPE = "audio/pcm;rate=16000";
/** Milliseconds between two searches for streams that have ended. */
const SWEEP_MS = 50;
/** Milliseconds without sound after which a stream is closed, at the latest. */
const UNUSED_MS = 60_000;

export = (RED: NodeAPI) => {
  function AudioIn(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runAudioIn(this, def);
    } catch (error) {
      rejectMessages(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-audio-in", AudioIn);
};

function runAudioIn(node: Node, def: NodeDef) {
  const { format: kind, sampleRate, channels, frameMs, endAfterMs } = readSettings(audioIn, def);
  const format =
    kind === "auto" ? kind : checkedFormat(Number(sampleRate), Number(channels), "The format setting");
  const streams = new Map<string, Stream>();
  const ready = resamplerLoader(node);
  let cancelSweep: (() => void) | undefined;

  const receive = (msg: FlowMessage, send: (msg: FlowMessage) => void) => {
    if (!isSound(msg)) return send(msg);
    const identity = identityOf(msg);
    const transcoder = streams.get(identity.session)?.transcoder ?? new Transcoder({ format, frameMs });
    const mimeType = msg.mimeType === undefined ? undefined : String(msg.mimeType);
    const frames = transcoder.push(msg.payload, mimeType);
    // After push(), because refused sound starts no stream.
    streams.set(identity.session, { transcoder, identity, heardAt: systemClock.now() });
    cancelSweep ??= systemClock.after(SWEEP_MS, sweep);
    for (const payload of frames) send({ ...msg, payload, mimeType: MIME_TYPE });
  };

  const sweep = () => {
    const now = systemClock.now();
    for (const [key, stream] of streams) {
      if (now - stream.heardAt < (endAfterMs || UNUSED_MS)) continue;
      streams.delete(key);
      if (endAfterMs) endStream(node, stream);
      stream.transcoder.free();
    }
    cancelSweep = streams.size ? systemClock.after(SWEEP_MS, sweep) : undefined;
  };

  let closed = false;
  node.on("input", (msg: FlowMessage, send, done) => {
    ready()
      .then(() => closed || receive(msg, send))
      .then(() => done(), done);
  });
  node.on("close", () => {
    closed = true;
    cancelSweep?.();
    for (const { transcoder } of streams.values()) transcoder.free();
  });
}

/** Actions, events, and the texts and pictures of a page are for the live session. */
const isSound = ({ action, event, mimeType }: FlowMessage) =>
  action === undefined && event === undefined && !/^(text|image)\//.test(String(mimeType));

/** Sends the rest of a stream, and then its end. */
function endStream(node: Node, { transcoder, identity }: Stream) {
  const send = (msg: FlowMessage) => node.send({ ...identityOf(identity), ...msg });
  try {
    for (const payload of transcoder.end()) send({ payload, mimeType: MIME_TYPE });
  } catch (error) {
    node.error(error, { ...identityOf(identity) });
  }
  send({ action: "audioStreamEnd" });
}
