// gemini-audio-in: converts sound in any supported format to 16 kHz mono PCM frames, with one stream for each session key.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../audio/clock";
import { OpusDecoder } from "../audio/codecs/opus";
import { defaultFormat, SoundError, type SoundFormat } from "../audio/formats";
import { durationMs } from "../audio/frames";
import { LevelMeter } from "../audio/input/level";
import { SpeechGate } from "../audio/input/speech-gate";
import { Transcoder, type TranscoderOptions } from "../audio/input/transcoder";
import { type FlowMessage, type Identity, identityOf } from "./flow/messages";
import { audioIn } from "./settings/audio-in";
import { rejectMessages } from "./settings/invalid-settings";
import { readSettings, type SettingsOf } from "./settings/table";
import { InOrder } from "./sound/in-order";
import { Listening } from "./sound/listening";
import { PerSession } from "./sound/per-session";
import { resamplerLoader } from "./sound/resampler-loader";

/** The stream of one session key. */
interface Stream {
  transcoder: Transcoder;
  meter: LevelMeter | undefined;
  gate: SpeechGate | undefined;
  identity: Identity;
  /** It waits for its decoder. */
  isWaiting: boolean;
  /** Sound was sent whose end was not. */
  isSending: boolean;
  /** Milliseconds of sound since the last activityStart. */
  activeMs: number;
  /** The errors that were reported: each once, because a wrong format is wrong in every message. */
  reported: Set<string>;
}

type Send = (msg: FlowMessage | [null, FlowMessage]) => void;

const MIME_TYPE = "audio/pcm;rate=16000";
/** Milliseconds between two searches for streams that have ended. */
const SWEEP_MS = 50;
/** Milliseconds without sound after which a stream is closed, at the latest. */
const UNUSED_MS = 60_000;
/** Milliseconds of speech after which activityStart is repeated: without it, a live session takes its end for lost after two minutes. */
const REPEAT_START_MS = 60_000;
/** Different errors that are reported for one stream. */
const MAX_ERRORS = 10;

export = (RED: NodeAPI) => {
  function AudioIn(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runAudioIn(this, readSettings(audioIn, def));
    } catch (error) {
      rejectMessages(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-audio-in", AudioIn);
};

function runAudioIn(node: Node, settings: SettingsOf<typeof audioIn>) {
  const { endAfterMs, levelMs, gate, preRollMs, hangOverMs, halfDuplex, tailMs } = settings;
  const options = transcoderOptions(settings);
  const streams = new PerSession<Stream>({
    clock: systemClock,
    sweepMs: SWEEP_MS,
    unusedMs: endAfterMs || UNUSED_MS,
    isBusy: ({ isWaiting }) => isWaiting,
    end: (stream) => endAfterMs && endStream(stream),
    free(stream) {
      // What the gate has opened, nothing else would close.
      if (stream.gate) stopSending(stream, sendLater);
      stream.transcoder.free();
    },
  });
  const sendLater: Send = (msg) => node.send(msg);
  const listening = new Listening(systemClock, halfDuplex ? tailMs : undefined);
  const loadConverter = resamplerLoader(node);
  let closed = false;

  const streamOf = (identity: Identity) => {
    const stream = streams.get(identity.session) ?? {
      transcoder: new Transcoder(options),
      meter: levelMs ? new LevelMeter(defaultFormat.sampleRate, levelMs) : undefined,
      gate: gate === "off" ? undefined : new SpeechGate(preRollMs, hangOverMs),
      identity,
      isWaiting: false,
      isSending: false,
      activeMs: 0,
      reported: new Set<string>(),
    };
    stream.identity = identity;
    streams.use(identity.session, stream);
    return stream;
  };

  const receive = (msg: FlowMessage, send: Send): Promise<void> | void => {
    if (closed) return;
    if (isForSession(msg)) return send(msg);
    const identity = identityOf(msg);
    if (msg.action !== undefined || msg.event !== undefined) return control(msg, identity, send);
    const stream = streamOf(identity);
    const mimeType = msg.mimeType === undefined ? undefined : String(msg.mimeType);
    const convert = () => {
      if (!closed) hear(stream, msg, mimeType, send);
    };
    const fail = (error: Error) => {
      if (!isReported(stream, error)) throw error;
    };
    try {
      if (!stream.transcoder.needsOpus(msg.payload, mimeType)) return convert();
      return loadOpus(stream).then(convert).catch(fail);
    } catch (error) {
      fail(error as Error);
    }
  };

  const loadOpus = async (stream: Stream) => {
    stream.isWaiting = true;
    const decoder = await OpusDecoder.create(options.channel === undefined ? 1 : 2).finally(() => {
      stream.isWaiting = false;
    });
    if (closed) return decoder.free();
    stream.transcoder.opus = decoder;
    streams.use(stream.identity.session, stream);
  };

  /** Converts the sound of a message, and sends its frames. */
  const hear = (stream: Stream, msg: FlowMessage, mimeType: string | undefined, send: Send) => {
    const { transcoder, gate, identity } = stream;
    const number = Number.isInteger(msg.seq) ? (msg.seq as number) : undefined;
    for (const frame of transcoder.push(msg.payload, mimeType, number)) take(stream, frame, msg, send);
    // Less than a frame of sound has an end, too.
    const isEmpty = (msg.payload as Buffer | string).length === 0;
    if (!isEmpty && !gate && listening.allows(identity.session)) stream.isSending = true;
    if (transcoder.misfit) throw misfitError(transcoder.misfit);
    if (transcoder.problem) throw transcoder.problem;
  };

  /** Handles a message without sound: an action, or an event of audio out. */
  const control = (msg: FlowMessage, identity: Identity, send: Send) => {
    const { action } = msg;
    const { session } = identity;
    if (action === "mute") listening.mute(session);
    else if (action === "unmute") listening.unmute(session);
    else if (action === undefined) listening.onEvent(session, msg.event, msg.turn);
    const stream = streams.get(session);
    if (stream && !listening.allows(session)) stopSending(stream, send);
    // The microphone has ended its sound: the end comes after the rest of that, and once.
    if (action === "audioStreamEnd" && stream?.isSending) return endStream(stream);
    if (action === "disconnect" || action === "reset") {
      listening.forget(session);
      streams.delete(session);
    }
    if (action !== undefined && action !== "mute" && action !== "unmute") send(msg);
  };

  /** Sends a frame, or what the gate lets through. */
  const take = (stream: Stream, frame: Buffer, msg: FlowMessage, send: Send) => {
    const { meter, identity } = stream;
    const report = (event: string, details: object) =>
      send([null, { ...identityOf(identity), event, payload: { event, ...details } }]);
    for (const level of meter?.push(frame) ?? []) report("level", level);
    if (!listening.allows(identity.session)) return;
    const gated = stream.gate?.push(frame) ?? { opens: false, frames: [frame], closes: false };
    if (gated.opens) report("speech", { speaking: true });
    const starts = gated.opens || (gated.frames.length > 0 && stream.activeMs >= REPEAT_START_MS);
    if (starts && gate === "pushToTalk") send({ ...identityOf(identity), action: "activityStart" });
    if (starts) stream.activeMs = 0;
    for (const payload of gated.frames) {
      stream.activeMs += durationMs(payload, defaultFormat.sampleRate);
      stream.isSending = true;
      send(Object.assign({}, msg, { payload, mimeType: MIME_TYPE }));
    }
    if (gated.closes) stopSending(stream, send);
  };

  /** Sends the end of the sound that was sent. */
  const stopSending = (stream: Stream, send: Send) => {
    const { identity } = stream;
    stream.gate?.close();
    if (!stream.isSending) return;
    stream.isSending = false;
    send({ ...identityOf(identity), action: gate === "pushToTalk" ? "activityEnd" : "audioStreamEnd" });
    if (stream.gate)
      send([
        null,
        { ...identityOf(identity), event: "speech", payload: { event: "speech", speaking: false } },
      ]);
  };

  /** Sends the rest of a stream, and then its end. */
  const endStream = (stream: Stream) => {
    const { transcoder, identity } = stream;
    try {
      for (const frame of transcoder.end())
        take(stream, frame, identityOf(identity) as FlowMessage, sendLater);
    } catch (error) {
      node.error(error, { ...identityOf(identity) });
    }
    stopSending(stream, sendLater);
  };

  // A decoder that is being loaded must not let later sound pass by.
  const order = new InOrder();
  node.on("input", (msg: FlowMessage, send, done) => {
    const handle = () => receive(msg, send as Send);
    order.run(() => loadConverter()?.then(handle) ?? handle(), done);
  });
  node.on("close", () => {
    closed = true;
    streams.close();
  });
}

/** The texts and images of a page are for the live session. */
const isForSession = ({ action, event, mimeType }: FlowMessage) =>
  action === undefined && event === undefined && /^(text|image)\//.test(String(mimeType));

/** Whether an error of the sound was reported for this stream. Notes it if it was not. */
function isReported({ reported }: Stream, error: Error): boolean {
  if (!(error instanceof SoundError)) return false;
  if (reported.has(error.message) || reported.size >= MAX_ERRORS) return true;
  reported.add(error.message);
  return false;
}

function transcoderOptions(settings: SettingsOf<typeof audioIn>): TranscoderOptions {
  const { format, encoding, sampleRate, channels, channel, gainDb, frameMs } = settings;
  const formats: Record<string, SoundFormat> = {
    pcm: { encoding, sampleRate: Number(sampleRate), channels: Number(channels) },
    mulaw: { encoding: "mulaw", sampleRate: 8000, channels: 1 },
    alaw: { encoding: "alaw", sampleRate: 8000, channels: 1 },
  };
  return {
    format: formats[format] ?? (format as TranscoderOptions["format"]),
    channel: channel === "mix" ? undefined : Number(channel) - 1,
    gainDb,
    frameMs,
  };
}

function misfitError(better: string): SoundError {
  return new SoundError(
    `The sound is noise in the format that it should have; it would be sound as ${better}. ` +
      "Set the format and the encoding of audio in, or msg.mimeType, to what the device sends.",
  );
}
