// gemini-audio-in: converts sound in any supported format to 16 kHz mono PCM frames, with one stream for each session key.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../audio/clock";
import { OpusDecoder } from "../audio/codecs/opus";
import { defaultFormat, SoundError, type SoundFormat } from "../audio/formats";
import { LevelMeter } from "../audio/input/level";
import { Transcoder, type TranscoderOptions } from "../audio/input/transcoder";
import { type FlowMessage, type Identity, identityOf } from "./flow/messages";
import { audioIn } from "./settings/audio-in";
import { rejectMessages } from "./settings/invalid-settings";
import { readSettings, type SettingsOf } from "./settings/table";
import { resamplerLoader } from "./sound/resampler-loader";

/** The stream of one session key. */
interface Stream {
  transcoder: Transcoder;
  meter: LevelMeter | undefined;
  identity: Identity;
  /** Clock time of the last message, in milliseconds. */
  usedAt: number;
  /** It has had sound that was not refused. */
  hasSound: boolean;
  /** The errors that were reported: each once, because a wrong format is wrong in every message. */
  reported: Set<string>;
}

const MIME_TYPE = "audio/pcm;rate=16000";
/** Milliseconds between two searches for streams that have ended. */
const SWEEP_MS = 50;
/** Milliseconds without sound after which a stream is closed, at the latest. */
const UNUSED_MS = 60_000;
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
  const { endAfterMs, levelMs } = settings;
  const options = transcoderOptions(settings);
  const streams = new Map<string, Stream>();
  const loadConverter = resamplerLoader(node);
  let cancelSweep: (() => void) | undefined;
  let closed = false;

  const streamOf = (identity: Identity) => {
    const stream = streams.get(identity.session) ?? {
      transcoder: new Transcoder(options),
      meter: levelMs ? new LevelMeter(defaultFormat.sampleRate, levelMs) : undefined,
      identity,
      usedAt: 0,
      hasSound: false,
      reported: new Set<string>(),
    };
    stream.identity = identity;
    stream.usedAt = systemClock.now();
    streams.set(identity.session, stream);
    cancelSweep ??= systemClock.after(SWEEP_MS, sweep);
    return stream;
  };

  const receive = async (msg: FlowMessage, send: (msg: FlowMessage | [null, FlowMessage]) => void) => {
    if (msg.action !== undefined) return send(msg);
    const stream = streamOf(identityOf(msg));
    const { transcoder, identity } = stream;
    const mimeType = msg.mimeType === undefined ? undefined : String(msg.mimeType);
    try {
      if (transcoder.needsOpus(msg.payload, mimeType)) {
        stream.usedAt = Number.POSITIVE_INFINITY; // It must not end while it waits for its decoder.
        transcoder.opus = await OpusDecoder.create(options.channel === undefined ? 1 : 2).finally(() => {
          stream.usedAt = systemClock.now();
        });
      }
      if (closed) return transcoder.free();
      const frames = transcoder.push(msg.payload, mimeType);
      stream.hasSound = true;
      for (const payload of frames) {
        send({ ...msg, payload, mimeType: MIME_TYPE });
        for (const level of stream.meter?.push(payload) ?? [])
          send([null, { ...identity, event: "level", payload: { event: "level", ...level } }]);
      }
      if (transcoder.misfit) throw misfitError(transcoder.misfit);
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof SoundError && (stream.reported.has(message) || stream.reported.size >= MAX_ERRORS))
        return;
      stream.reported.add(message);
      throw error;
    }
  };

  const sweep = () => {
    const now = systemClock.now();
    for (const [key, stream] of streams) {
      if (now - stream.usedAt < (endAfterMs || UNUSED_MS)) continue;
      streams.delete(key);
      if (endAfterMs && stream.hasSound) endStream(node, stream);
      stream.transcoder.free();
    }
    cancelSweep = streams.size ? systemClock.after(SWEEP_MS, sweep) : undefined;
  };

  // One message after the other: a decoder that is being loaded must not let later sound pass by.
  let turn = Promise.resolve();
  node.on("input", (msg: FlowMessage, send, done) => {
    turn = turn
      .then(loadConverter)
      .then(() => (closed ? undefined : receive(msg, send as Parameters<typeof receive>[1])))
      .then(() => done(), done);
  });
  node.on("close", () => {
    closed = true;
    cancelSweep?.();
    for (const { transcoder } of streams.values()) transcoder.free();
  });
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

/** Sends the rest of a stream, and then its end. */
function endStream(node: Node, { transcoder, identity }: Stream) {
  const send = (msg: FlowMessage) => node.send({ ...identity, ...msg });
  try {
    for (const payload of transcoder.end()) send({ payload, mimeType: MIME_TYPE });
  } catch (error) {
    node.error(error, { ...identity });
  }
  send({ action: "audioStreamEnd" });
}
