// What the simulator's tests share, no tests itself: a plain WebSocket client, and a voice that is made of numbers.

import { WebSocket } from "ws";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../simulator/server";
import { cleanUp } from "../clean-up";
import { TestClock } from "../clock";
import { geminiFrames } from "../frames/server";
import { misfit } from "../frames/shape";

export interface Frame {
  setupComplete?: object;
  sessionResumptionUpdate?: { newHandle: string; resumable: boolean };
  goAway?: { timeLeft: string };
  toolCall?: { functionCalls: { id: string; name: string; args: object }[] };
  toolCallCancellation?: { ids: string[] };
  interactionStatus?: string;
  voiceActivity?: { type: string; audioOffset: string };
  serverContent?: {
    modelTurn?: { role: string; parts: { text?: string; inlineData?: { mimeType: string; data: string } }[] };
    inputTranscription?: { text: string };
    outputTranscription?: { text: string };
    interrupted?: boolean;
    generationComplete?: boolean;
    turnComplete?: boolean;
    interactionStatus?: string;
    groundingMetadata?: { webSearchQueries: string[]; groundingSupports: { segment: { text: string } }[] };
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
const usual = { model: MODEL, inputAudioTranscription: {}, outputAudioTranscription: {} };

function parse(text: string): Frame | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The kinds of what a frame holds: none for an empty one. */
function kindsOf(frame: Frame) {
  if (frame.voiceActivity) return [frame.voiceActivity.type];
  if (!frame.serverContent) return Object.keys(frame).slice(0, 1);
  const isAudio = frame.serverContent.modelTurn?.parts[0]?.inlineData;
  const kinds = Object.keys(frame.serverContent).filter((key) => key !== "interactionStatus");
  return kinds.map((key) => (key === "modelTurn" && isAudio ? "audio" : key));
}

export class Client {
  readonly socket: WebSocket;
  readonly clock: TestClock;
  /** What was received, with the time on the test's clock: an entry for each field of a serverContent. */
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
      const frame = parse(data.toString());
      this.raw.push({ data, isBinary });
      // A frame that the server is not known to send fails the test.
      const problem = frame && misfit(frame, geminiFrames);
      if (problem) throw new Error(`the simulator sent a frame that is not in test/frames: ${problem}`);
      for (const kind of frame ? kindsOf(frame) : ["garbage"])
        this.frames.push({ at: clock.now(), kind, frame: frame ?? {} });
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

  /** Lets time pass at once: every frame is received at its end. */
  async pass(ms: number) {
    await this.settled();
    this.clock.advance(ms);
    await this.settled();
  }

  /** Sends a setup like a usual one that asks for resumption, and lets so much time pass that the first handle came. */
  async begin(setup: object = {}) {
    this.send({ setup: { ...usual, sessionResumption: {}, ...setup } });
    await this.pass(400);
    return this;
  }

  /** The newest resumption handle. */
  get handle() {
    const updates = this.of("sessionResumptionUpdate").map((frame) => frame.sessionResumptionUpdate!);
    return updates.findLast(({ resumable }) => resumable)?.newHandle;
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
export async function simulate(options: SimulatorOptions = {}) {
  const clock = new TestClock();
  const simulator = await startSimulator({ clock, ...options });
  cleanUp(() => simulator.close());
  const at = (path: string, headers?: Record<string, string>) =>
    new Client(simulator.url.replace("http", "ws") + path, clock, headers);
  /** A client whose handshake is done. */
  const open = () => at(`${PATH}?key=any`).opened();
  return { simulator, clock, at, open };
}

/** Resolves when the simulator has noticed that nobody is in a conversation any more: of a client that left, it learns later. */
export async function left(simulator: Simulator, index = 0) {
  while (simulator.conversations[index]!.open) await new Promise((resolve) => setImmediate(resolve));
}

/** Closes as clients should, and waits until the server knows it. */
export async function hangUp(simulator: Simulator, client: Client) {
  client.socket.close(1000);
  await client.closed;
  await left(simulator);
}

/** Is gone without a close frame, and waits until the server knows it. */
export async function drop(simulator: Simulator, client: Client) {
  client.socket.terminate();
  await left(simulator);
}

/** Sends and lets so much time pass that the answer is over. */
export async function answer(client: Client, message: object) {
  client.send(message);
  await client.pass(20_000);
}

/** What a new connection comes to: its first frame, or its close code. */
export async function outcome(open: () => Promise<Client>, setup?: object) {
  const client = await open();
  await client.begin(setup);
  await client.pass(300);
  const first = client.kinds[0] ?? (await client.closed).code;
  client.socket.close(1000);
  await client.closed;
  return first;
}

/** The part of a setup that resumes. */
export const resume = (handle: string | undefined) => ({ sessionResumption: { handle } });

/** Starts a simulator and a conversation whose setup is complete; `setup` is added to a usual one. */
export async function converse(setup: object = {}, options: SimulatorOptions = {}) {
  const { simulator, clock, open } = await simulate(options);
  const client = await open();
  client.send({ setup: { ...usual, ...setup } });
  await client.pass(260);
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
