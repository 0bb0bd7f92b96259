// gemini-audio-out: plays the model's sound in the format of the device, with one line for each session key.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { isMonoPcm16, parseMimeType } from "../audio/formats";
import { Packer, type PackerOptions } from "../audio/output/packer";
import { Pacer } from "../audio/pacer";
import type { PlaybackOptions } from "../audio/playback";
import { InputError } from "../live/server/errors";
import { type FlowMessage, type Identity, identityOf } from "./flow/messages";
import { addPlayer } from "./leaving/instance";
import { audioOut } from "./settings/audio-out";
import { rejectMessages } from "./settings/invalid-settings";
import { readSettings, type SettingsOf } from "./settings/table";
import { flushPayload } from "./sound/flush-message";
import { InOrder } from "./sound/in-order";
import { Line, type LineEvent } from "./sound/line";
import { PerSession } from "./sound/per-session";
import { resamplerLoader } from "./sound/resampler-loader";

type Carried = FlowMessage & Identity;

/** Paces the sound of all audio out nodes. */
const pacer = new Pacer();
/** Milliseconds between two searches for unused lines. */
const SWEEP_MS = 5_000;
/** Milliseconds after which an unused line is closed. */
const UNUSED_MS = 60_000;
/** Milliseconds of a packet of Opus where the settings name no frame length. */
const OPUS_FRAME_MS = 20;

export = (RED: NodeAPI) => {
  function AudioOut(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runAudioOut(this, readSettings(audioOut, def));
    } catch (error) {
      rejectMessages(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-audio-out", AudioOut);
};

function runAudioOut(node: Node, settings: SettingsOf<typeof audioOut>) {
  const lines = new PerSession<Line>({
    clock: pacer.clock,
    sweepMs: SWEEP_MS,
    unusedMs: UNUSED_MS,
    isBusy: (line) => line.isPlaying,
    free: (line) => line.free(),
  });
  const loadConverter = resamplerLoader(node);
  const removePlayer = addPlayer(() => lines.isBusy);
  let closed = false;

  const openLine = async () => {
    const packer = await Packer.create(packerOptions(settings));
    return new Line({
      pacer,
      packer,
      playback: playbackOptions(settings),
      // Each message has a _session of its own, because a flow may change it.
      onFrame: (msg) => node.send(Object.assign(msg, identityOf(msg))),
      onEvent: (event, msg) => node.send([null, eventMessage(settings, event, msg)]),
    });
  };

  const receive = (msg: FlowMessage): Promise<void> | void => {
    if (closed) return;
    const carried = Object.assign({}, msg, identityOf(msg));
    const isStop = msg.event === "interrupted" || msg.action === "interrupt";
    const known = isStop || msg.event === "generationComplete" || msg.event === "turnComplete";
    if (!known && msg.event !== undefined) return;
    const format = known ? undefined : readSound(carried);
    const play = (line: Line) => {
      if (closed) return line.free();
      lines.use(carried.session, line);
      if (format) line.play(carried, carried.payload as Buffer, format.sampleRate);
      else if (isStop) line.interrupt(carried, msg.event !== "interrupted");
      else if (msg.event === "generationComplete") line.generationComplete();
      else line.turnComplete(carried);
    };
    const line = lines.get(carried.session);
    return line ? play(line) : openLine().then(play);
  };

  // An encoder that is being loaded must not let later sound pass by.
  const order = new InOrder();
  node.on("input", (msg: FlowMessage, _send, done) => {
    const handle = () => receive(msg);
    order.run(() => loadConverter()?.then(handle) ?? handle(), done);
  });
  node.on("close", () => {
    closed = true;
    removePlayer();
    lines.close();
  });
}

/** The format of a message with sound. @throws InputError or SoundError for everything else */
function readSound({ payload, mimeType = "audio/pcm;rate=24000" }: FlowMessage) {
  if (!Buffer.isBuffer(payload))
    throw new InputError(
      "msg.payload is not a Buffer. Wire the audio output of a live session to audio out.",
    );
  const format = parseMimeType(mimeType);
  if (!isMonoPcm16(format))
    throw new InputError(
      `mimeType "${mimeType}" is not supported. Audio out takes mono 16-bit PCM from the audio output of a live session.`,
    );
  return format;
}

/**
 * The message of an event. It has the properties of the message that it belongs to, without its sound. What stopped the sound may
 * come from a button: its topic is left out, because an mqtt out node without a topic would publish to it.
 */
function eventMessage(
  { flush, flushTemplate }: SettingsOf<typeof audioOut>,
  { event, turn, details }: LineEvent,
  { payload: _payload, mimeType: _mimeType, action, topic, ...carried }: Carried,
): FlowMessage {
  const named = { ...carried, ...(action === undefined && topic !== undefined && { topic }) };
  const about = { ...(turn !== undefined && { turn }), ...details };
  const values = {
    turn: Number(turn) || 0,
    session: carried.session,
    ...(details as { seq: number; heardMs: number }),
  };
  return {
    ...named,
    ...identityOf(carried),
    event,
    ...(turn !== undefined && { turn }),
    payload:
      event === "flush" && flush !== "event"
        ? flushPayload(flush, flushTemplate, values)
        : { event, ...about },
  };
}

function playbackOptions(settings: SettingsOf<typeof audioOut>): PlaybackOptions {
  const { format, sampleRate, sendAheadMs, jitterBufferMs, pacing, queueLimitSeconds } = settings;
  return {
    frameMs: settings.frameMs ?? (format === "opus" ? OPUS_FRAME_MS : undefined),
    sendAheadMs,
    jitterBufferMs,
    sampleRate: Number(sampleRate),
    paced: pacing === "realTime",
    whole: pacing === "whole",
    maxMs: 1000 * queueLimitSeconds,
  };
}

function packerOptions(settings: SettingsOf<typeof audioOut>): PackerOptions {
  const { format, sampleRate, bitRateKbps, base64, pacing } = settings;
  return {
    format,
    frameMs: settings.frameMs ?? OPUS_FRAME_MS,
    base64,
    sampleRate: Number(sampleRate),
    bitRate: 1000 * bitRateKbps,
    whole: pacing === "whole",
  };
}
