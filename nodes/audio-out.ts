// gemini-audio-out: plays the model's sound in the format of the device, with one playback for each session key.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { isMonoPcm16, parseMimeType } from "../audio/formats";
import { Pacer, Playback, type PlaybackOptions } from "../audio/playback";
import { InputError } from "../live/server/errors";
import { type FlowMessage, type Identity, identityOf } from "./flow/messages";
import { audioOut } from "./settings/audio-out";
import { rejectMessages } from "./settings/invalid-settings";
import { readSettings } from "./settings/table";
import { resamplerLoader } from "./sound/resampler-loader";

/** The playback of one session key. */
interface Line {
  playback: Playback;
  /** The properties of the last sound message; frames carry them too. */
  carried: FlowMessage & Identity;
  /** The current turn was interrupted. */
  interrupted: boolean;
  /** Clock time of the last message, in milliseconds. */
  usedAt: number;
}

/** Paces the sound of all audio out nodes. */
const pacer = new Pacer();
/** Milliseconds between two searches for unused lines. */
const SWEEP_MS = 5_000;
/** Milliseconds after which an unused line is closed. */
const UNUSED_MS = 60_000;

export = (RED: NodeAPI) => {
  function AudioOut(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runAudioOut(this, playbackOptions(def));
    } catch (error) {
      rejectMessages(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-audio-out", AudioOut);
};

function runAudioOut(node: Node, options: PlaybackOptions) {
  const lines = new Map<string, Line>();
  const mimeType = `audio/pcm;rate=${options.sampleRate}`;
  const ready = resamplerLoader(node);
  let cancelSweep: (() => void) | undefined;
  let closed = false;

  /** Returns the line of a message, and opens it if necessary. */
  const lineOf = (carried: Line["carried"]) => {
    const line = lines.get(carried.session) ?? openLine(carried);
    line.usedAt = pacer.clock.now();
    return line;
  };

  const openLine = (carried: Line["carried"]) => {
    const playback = new Playback(pacer, options, (payload) =>
      node.send({ ...line.carried, payload, mimeType }),
    );
    const line: Line = { playback, carried, interrupted: false, usedAt: 0 };
    lines.set(carried.session, line);
    cancelSweep ??= pacer.clock.after(SWEEP_MS, sweep);
    return line;
  };

  const receive = (msg: FlowMessage) => {
    const carried = { ...msg, ...identityOf(msg) };
    const report = (event: string, details: object = {}) =>
      node.send([null, { ...carried, event, payload: { event, ...details } }]);
    if (msg.event === "interrupted" || msg.action === "interrupt") {
      const line = lineOf(carried);
      line.interrupted = true;
      report("flush");
      line.playback.flush();
    } else if (msg.event === "generationComplete") lineOf(carried).playback.end();
    else if (msg.event === "turnComplete") {
      const line = lineOf(carried);
      const { interrupted } = line;
      line.interrupted = false;
      line.playback.mark((dropped) =>
        report("turnComplete", interrupted || dropped ? { interrupted: true } : {}),
      );
    } else if (msg.event === undefined) play(carried);
  };

  const play = (carried: Line["carried"]) => {
    const { payload, mimeType = "audio/pcm;rate=24000" } = carried;
    if (!Buffer.isBuffer(payload))
      throw new InputError(
        "msg.payload is not a Buffer. Wire the audio output of a live session to audio out.",
      );
    const format = parseMimeType(mimeType);
    if (!isMonoPcm16(format))
      throw new InputError(
        `mimeType "${mimeType}" is not supported. Audio out takes mono 16-bit PCM from the audio output of a live session.`,
      );
    const line = lineOf(carried);
    line.carried = carried;
    line.interrupted = false;
    line.playback.push(payload, format.sampleRate);
  };

  const sweep = () => {
    const now = pacer.clock.now();
    for (const [key, { playback, usedAt }] of lines) {
      if (playback.isPlaying || now - usedAt < UNUSED_MS) continue;
      playback.free();
      lines.delete(key);
    }
    cancelSweep = lines.size ? pacer.clock.after(SWEEP_MS, sweep) : undefined;
  };

  node.on("input", (msg: FlowMessage, _send, done) => {
    ready()
      .then(() => closed || receive(msg))
      .then(() => done(), done);
  });
  node.on("close", () => {
    closed = true;
    cancelSweep?.();
    for (const { playback } of lines.values()) playback.free();
  });
}

function playbackOptions(def: NodeDef): PlaybackOptions {
  const { sampleRate, pacing, queueLimitSeconds, ...lengths } = readSettings(audioOut, def);
  return {
    ...lengths,
    sampleRate: Number(sampleRate),
    paced: pacing === "realTime",
    maxMs: 1000 * queueLimitSeconds,
  };
}
