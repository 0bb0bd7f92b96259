// What the simulator's tests share, no tests itself: a plain WebSocket client, and a voice that is made of numbers.

import type { TestContext } from "node:test";
import { WebSocket } from "ws";
import { type SimulatorOptions, startSimulator } from "../../simulator/server";
import { TestClock } from "../clock";

export interface Frame {
  setupComplete?: object;
  voiceActivity?: { voiceActivityType: string; audioOffset: string };
  serverContent?: {
    modelTurn?: { role: string; parts: { text?: string; inlineData?: { mimeType: string; data: string } }[] };
    inputTranscription?: { text: string };
    outputTranscription?: { text: string };
    interrupted?: boolean;
    generationComplete?: boolean;
    turnComplete?: boolean;
  };
  usageMetadata?: {
    promptTokenCount: number;
    responseTokenCount: number;
    totalTokenCount: number;
    promptTokensDetails: { modality: string; tokenCount: number }[];
    responseTokensDetails: { modality: string; tokenCount: number }[];
  };
}

export const PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
export const MODEL = "models/gemini-3.8-live";

/** A frame's kind, for reading the order of events. */
export function kindOf(frame: Frame) {
  if (frame.voiceActivity) return frame.voiceActivity.voiceActivityType;
  if (!frame.serverContent) return Object.keys(frame)[0]!;
  const [kind = "empty"] = Object.keys(frame.serverContent);
  return kind === "modelTurn" && frame.serverContent.modelTurn!.parts[0]!.inlineData ? "audio" : kind;
}

export class Client {
  readonly socket: WebSocket;
  readonly clock: TestClock;
  /** Everything received, with the time on the test's clock. */
  frames: { at: number; kind: string; frame: Frame }[] = [];
  raw: { data: Buffer; isBinary: boolean }[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #opened: Promise<this>;

  constructor(url: string, clock: TestClock, headers: Record<string, string> = {}) {
    this.clock = clock;
    this.socket = new WebSocket(url, { headers }).on("error", () => {});
    this.#opened = new Promise((resolve) => this.socket.once("open", () => resolve(this)));
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.socket.on("message", (data: Buffer, isBinary) => {
      const frame: Frame = JSON.parse(data.toString());
      this.raw.push({ data, isBinary });
      this.frames.push({ at: clock.now(), kind: kindOf(frame), frame });
    });
  }

  /** Resolves as soon as the handshake is done. */
  opened() {
    return this.#opened;
  }

  /** Sends an object as JSON, or a string as it is. */
  send(message: object | string) {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Resolves when the server has read everything sent so far, and everything that it sent was received. */
  async settled() {
    const pong = new Promise((resolve) => this.socket.once("pong", resolve));
    this.socket.ping();
    await Promise.race([pong, this.closed]);
  }

  /** Lets time pass, a millisecond at a time, so that every frame is received at its own moment. */
  async run(ms: number) {
    await this.settled();
    for (let n = 0; n < ms; n++) {
      this.clock.advance(1);
      await this.settled();
    }
  }

  /** Streams sound as a microphone does: chunks of 20 ms when their time has come. */
  async speak(pcm: Buffer, rate = 16000) {
    const bytes = (rate / 50) * 2;
    for (let at = 0; at < pcm.length; at += bytes) {
      this.clock.advance(20);
      this.send({ realtimeInput: { audio: sound(pcm.subarray(at, at + bytes), rate) } });
      await this.settled();
    }
  }

  /** The kinds of the frames received, runs of equal ones as one. */
  get kinds() {
    return this.frames.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1]);
  }

  at(kind: string) {
    return this.frames.find((each) => each.kind === kind)?.at;
  }

  of(kind: string) {
    return this.frames.filter((each) => each.kind === kind).map((each) => each.frame);
  }

  /** Everything said by the server, 24 kHz. */
  get audio() {
    return Buffer.concat(
      this.of("audio").map((frame) =>
        Buffer.from(frame.serverContent!.modelTurn!.parts[0]!.inlineData!.data, "base64"),
      ),
    );
  }

  get said() {
    return this.of("outputTranscription")
      .map((frame) => frame.serverContent!.outputTranscription!.text)
      .join("");
  }
}

/** Starts a simulator that ends with the test. */
export async function simulate(t: TestContext, options: SimulatorOptions = {}) {
  const clock = new TestClock();
  const simulator = await startSimulator({ clock, ...options });
  t.after(() => simulator.close());
  const at = (path: string, headers?: Record<string, string>) =>
    new Client(simulator.url.replace("http", "ws") + path, clock, headers);
  return { simulator, clock, at };
}

/** Starts a simulator and a conversation whose setup is complete; `setup` is added to a usual one. */
export async function converse(t: TestContext, setup: object = {}) {
  const { simulator, clock, at } = await simulate(t);
  const client = await at(`${PATH}?key=any`).opened();
  client.send({
    setup: { model: MODEL, inputAudioTranscription: {}, outputAudioTranscription: {}, ...setup },
  });
  await client.settled();
  clock.advance(260);
  await client.settled();
  client.frames = [];
  return { simulator, clock, client };
}

export const sound = (pcm: Buffer, rate = 16000) => ({
  data: pcm.toString("base64"),
  mimeType: `audio/pcm;rate=${rate}`,
});

/** The same numbers in every run, from -1 to 1. */
export function noiseSource(seed = 1) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}

/** PCM16 LE from a function of time in seconds. */
export function pcm(seconds: number, rate: number, wave: (t: number) => number) {
  const samples = Math.round(seconds * rate);
  const buffer = Buffer.alloc(samples * 2);
  for (let n = 0; n < samples; n++)
    buffer.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(wave(n / rate)))), n * 2);
  return buffer;
}

/** Something like a voice: harmonics of a gliding tone that decay, four syllables a second. */
export function voice(t: number, level = 6000) {
  const syllable = 0.55 - 0.45 * Math.cos(2 * Math.PI * 4 * t);
  const phase = 2 * Math.PI * 130 * t - 40 * Math.cos(Math.PI * t);
  let sum = 0;
  for (let harmonic = 1; harmonic < 13; harmonic++) sum += Math.sin(harmonic * phase) / harmonic;
  return level * syllable * sum;
}

/** Quiet office noise, about 60 of 32767. */
export const room = (seconds: number, rate = 16000, noise = noiseSource()) =>
  pcm(seconds, rate, () => 100 * noise());

/** Speech in a quiet room. */
export function speech(seconds: number, rate = 16000, noise = noiseSource(2)) {
  return pcm(seconds, rate, (t) => voice(t) + 100 * noise());
}
