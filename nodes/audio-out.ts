// gemini-audio-out: the model's sound, paced and in the device's format, one playback for each session key.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { checkedFormat, parseMimeType } from "../audio/formats";
import { Pacer, Playback, type PlaybackOptions } from "../audio/playback";
import { loadResampler } from "../audio/resampler";
import { InputError } from "../live/server/errors";
import { type FlowMessage, type Identity, identityOf } from "./messages";
import { choiceSetting, numberSetting, refuseEverything } from "./settings";

interface AudioOutDef extends NodeDef {
  sampleRate: unknown;
  frameMs: unknown;
  /** `realTime`, or `burst` for a device that has a buffer of its own. */
  pacing: string;
  sendAheadMs: unknown;
  jitterBufferMs: unknown;
  queueLimitSeconds: unknown;
}

/** The sound on its way to one device, and what its messages carry. */
interface Line {
  playback: Playback;
  carried: FlowMessage & Identity;
  usedAt: number;
}

/** The one clock of all that this package plays. */
const pacer = new Pacer();
/** How often it is looked for lines whose sound has stopped coming, in milliseconds. */
const SWEEP_MS = 250;
/** Milliseconds without more sound after which the little that still waits for its jitter buffer is played. */
const END_MS = 500;
/** Milliseconds after which a line that nobody uses is let go. */
const FORGET_MS = 60_000;

export default function (RED: NodeAPI) {
  function AudioOut(this: Node, def: AudioOutDef) {
    RED.nodes.createNode(this, def);
    try {
      runAudioOut(this, readSettings(def));
    } catch (error) {
      refuseEverything(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-audio-out", AudioOut);
}

function runAudioOut(node: Node, options: PlaybackOptions) {
  const lines = new Map<string, Line>();
  const mimeType = `audio/pcm;rate=${options.sampleRate}`;
  const ready = loadResampler();
  let cancelSweep: (() => void) | undefined;
  let closed = false;

  const openLine = (carried: Line["carried"]) => {
    const playback = new Playback(pacer, options, (payload) =>
      node.send({ ...line.carried, payload, mimeType }),
    );
    const line: Line = { playback, carried, usedAt: 0 };
    lines.set(carried.session, line);
    cancelSweep ??= pacer.clock.after(SWEEP_MS, sweep);
    return line;
  };

  const receive = (msg: FlowMessage, send: (msg: FlowMessage) => void) => {
    const identity = identityOf(msg);
    const tell = (event: string) => send({ ...msg, ...identity, event, payload: { event } } as FlowMessage);
    const line = lines.get(identity.session);
    if (line) line.usedAt = pacer.clock.now();
    if (msg.event === "interrupted" || msg.action === "interrupt") {
      line?.playback.flush();
      return tell("flush");
    }
    if (msg.event === "generationComplete") return line?.playback.end();
    if (msg.event === "turnComplete") {
      if (!line) return tell("turnComplete");
      return line.playback.mark(() => tell("turnComplete"));
    }
    if (msg.event !== undefined) return;
    play(msg, identity, line);
  };

  const play = (msg: FlowMessage, identity: Identity, line: Line | undefined) => {
    const { payload } = msg;
    if (!Buffer.isBuffer(payload))
      throw new InputError("msg.payload is not a Buffer: audio out takes the audio output of a session.");
    const format = parseMimeType(msg.mimeType ?? "audio/pcm;rate=24000");
    if (format === "wav" || format.channels !== 1)
      throw new InputError(
        `Audio out takes mono PCM, not ${msg.mimeType}: it is made for the audio output of a session.`,
      );
    const carried = { ...msg, ...identity };
    const open = line ?? openLine(carried);
    open.carried = carried;
    open.usedAt = pacer.clock.now();
    open.playback.push(payload, format.sampleRate);
  };

  const sweep = () => {
    const now = pacer.clock.now();
    for (const [key, { playback, usedAt }] of lines) {
      if (playback.queuedMs && now - usedAt >= END_MS) playback.end();
      if (playback.queuedMs || now - usedAt < FORGET_MS) continue;
      playback.free();
      lines.delete(key);
    }
    cancelSweep = lines.size ? pacer.clock.after(SWEEP_MS, sweep) : undefined;
  };

  node.on("input", (msg: FlowMessage, send, done) => {
    ready.then(() => closed || receive(msg, send)).then(() => done(), done);
  });
  node.on("close", () => {
    closed = true;
    cancelSweep?.();
    for (const { playback } of lines.values()) playback.free();
  });
}

function readSettings(def: AudioOutDef): PlaybackOptions {
  const sampleRate = numberSetting("sample rate", def.sampleRate, 8_000, 96_000, 24_000);
  return {
    sampleRate: checkedFormat(sampleRate, 1, "The setting of the audio out node").sampleRate,
    frameMs: numberSetting("frame length", def.frameMs, 10, 200, 20),
    paced: choiceSetting("pacing", def.pacing, ["realTime", "burst"]) === "realTime",
    sendAheadMs: numberSetting("lead", def.sendAheadMs, 0, 5_000, 200),
    jitterBufferMs: numberSetting("jitter buffer", def.jitterBufferMs, 0, 2_000, 100),
    maxMs: 1000 * numberSetting("queue", def.queueLimitSeconds, 1, 3_600, 300),
  };
}
