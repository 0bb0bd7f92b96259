// Measures how many times faster than real time sample rates are converted, and the CPU load of 50 playbacks and of 50 Opus devices.

import { OpusDecoder, OpusEncoder } from "../audio/codecs/opus";
import { Transcoder } from "../audio/input/transcoder";
import { Packer } from "../audio/output/packer";
import { Pacer } from "../audio/pacer";
import { Playback } from "../audio/playback";
import { loadResampler, Resampler } from "../audio/resampler";

const seconds = 20;
const streams = 50;

function noise(samples: number) {
  return Buffer.from(Int16Array.from({ length: samples }, () => (Math.random() - 0.5) * 40000).buffer);
}

function benchPair(from: number, to: number) {
  const chunk = noise(from / 50);
  const resampler = new Resampler(from, to);
  const run = (chunks: number) => {
    for (let i = 0; i < chunks; i++) resampler.process(chunk);
  };
  run(500);
  const start = performance.now();
  run(seconds * 50);
  const ms = performance.now() - start;
  resampler.free();
  return `${from} > ${to} Hz: ${Math.round((seconds * 1000) / ms)} x real time`;
}

/** Plays 24 kHz sound in 40 ms chunks, as the Live API sends it, as 16 kHz frames of 20 ms, paced in real time. */
async function benchPlaybacks() {
  const pacer = new Pacer();
  let frames = 0;
  const options = { sampleRate: 16000, frameMs: 20, maxMs: 60_000, paced: true };
  const playbacks = Array.from({ length: streams }, () => new Playback(pacer, options, () => frames++));
  const chunk = noise(960);
  const start = performance.now();
  const before = process.cpuUsage();
  const finished = playbacks.map((playback) => {
    for (let i = 0; i < 250; i++) playback.push(chunk);
    return new Promise<void>((resolve) => playback.mark(() => resolve()));
  });
  const pushed = process.cpuUsage(before);
  await Promise.all(finished);
  const total = process.cpuUsage(before);
  const ms = performance.now() - start;
  const share = (usage: NodeJS.CpuUsage) =>
    `${((usage.user + usage.system) / ms / 10).toFixed(1)} % of a core`;
  for (const playback of playbacks) playback.free();
  return (
    `${streams} playbacks of 10 s, 24000 > 16000 Hz: ${frames} frames in ${(ms / 1000).toFixed(2)} s, ` +
    `${share(total)}; ${share(pushed)} of it for conversion and framing`
  );
}

/** 50 devices that speak and listen at once, in Opus packets of 60 ms: 16 kHz in, 24 kHz out. */
async function benchOpusDevices() {
  const ms = 60;
  const encoder = await OpusEncoder.create({ sampleRate: 16000, frameMs: ms, bitRate: 24_000 });
  const packets = Array.from({ length: 50 }, () => encoder.encode(noise(16 * ms)));
  encoder.free();
  const output = {
    format: "opus",
    sampleRate: 24000,
    frameMs: ms,
    bitRate: 24_000,
    whole: false,
    base64: false,
  } as const;
  const devices = await Promise.all(
    Array.from({ length: streams }, async () => {
      const transcoder = new Transcoder({ format: "opus", frameMs: 20 });
      transcoder.opus = await OpusDecoder.create(1);
      return { transcoder, packer: await Packer.create(output) };
    }),
  );
  const answer = noise(24 * ms);
  const before = process.cpuUsage();
  const start = performance.now();
  let longest = 0;
  for (const packet of packets) {
    const round = performance.now();
    for (const { transcoder, packer } of devices) {
      transcoder.push(packet);
      packer.pack(answer);
    }
    longest = Math.max(longest, performance.now() - round);
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (packets.length * ms) / 1000;
  const each = (performance.now() - start) / packets.length;
  for (const { transcoder, packer } of devices) {
    transcoder.free();
    packer.free();
  }
  return (
    `${streams} Opus devices, ${seconds} s: ${((user + system) / 1e4 / seconds).toFixed(1)} % of a core, ` +
    `${each.toFixed(1)} ms (at most ${longest.toFixed(1)} ms) for each ${ms} ms`
  );
}

/** @returns a line for each measurement */
export async function benchAudio(): Promise<string[]> {
  await loadResampler();
  const pairs = [
    [8000, 16000],
    [16000, 24000],
    [24000, 16000],
    [24000, 8000],
    [24000, 48000],
    [44100, 16000],
    [48000, 16000],
  ] as const;
  const lines = pairs.map(([from, to]) => benchPair(from, to));
  return [...lines, await benchOpusDevices(), await benchPlaybacks()];
}
