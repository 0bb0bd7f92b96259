// What the simulator's tests share: a plain WebSocket client, and synthetic speech.

import { WebSocket } from "ws";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../simulator/server";
import { cleanUp } from "../clean-up";
import { TestClock } from "../clock";
import { geminiFrames, serverFrames } from "../frames/server";
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
    inputTranscription?: { text?: string; languageCode?: string };
    interimInputTranscription?: { text: string };
    outputTranscription?: { text: string; languageCode?: string };
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
    toolUsePromptTokenCount?: number;
    toolUsePromptTokensDetails?: { modality: string; tokenCount: number }[];
    thoughtsTokenCount?: number;
  };
}

export const PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
export const VERTEX_PATH = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent";
export const MODEL = "models/gemini-3.8-live";
export const NATIVE = "models/gemini-2.5-flash-native-audio-preview-12-2025";

/** A usual setup. 2.5 refuses a setup that does not name its modality. */
const usual = (setup: { model?: string } & object) => ({
  model: MODEL,
  inputAudioTranscription: {},
  outputAudioTranscription: {},
  ...(setup.model === NATIVE && { generationConfig: { responseModalities: ["AUDIO"] } }),
  ...setup,
});

function parse(text: string): Frame | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A frame's kinds: none for an empty frame. */
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
  /** The received frames, with the time on the test's clock: one entry for each field of a serverContent. */
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
      const problem = frame && misfit(frame, url.includes(VERTEX_PATH) ? serverFrames : geminiFrames);
      if (problem) throw new Error(`the simulator sent a frame that is not in test/frames: ${problem}`);
      for (const kind of frame ? kindsOf(frame) : ["garbage"])
        this.frames.push({ at: clock.now(), kind, frame: frame ?? {} });
    });
  }

  /** Resolves after the handshake. */
  opened() {
    return this.#opened;
  }

  /** Sends an object as JSON, or a string unchanged. */
  send(message: object | string) {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Resolves when the server has read all sent frames, and the client all of the server's. */
  async settled() {
    const pong = new Promise((resolve) => this.socket.once("pong", resolve));
    this.socket.ping();
    await Promise.race([pong, this.closed]);
  }

  /** Advances the clock by single milliseconds, so that every frame has its exact time. */
  async run(ms: number) {
    await this.settled();
    for (let n = 0; n < ms; n++) {
      this.clock.advance(1);
      await this.settled();
    }
  }

  /** Streams audio in real time, in chunks of 20 ms. */
  async speak(pcm: Buffer, rate = 16000) {
    const bytes = (rate / 50) * 2;
    for (let at = 0; at < pcm.length; at += bytes) {
      this.clock.advance(20);
      this.send({ realtimeInput: { audio: sound(pcm.subarray(at, at + bytes), rate) } });
      await this.settled();
    }
  }

  /** Advances the clock at once: every frame has the time of the end. */
  async pass(ms: number) {
    await this.settled();
    this.clock.advance(ms);
    await this.settled();
  }

  /** Sends a usual setup with resumption, and waits for the first handle. */
  async begin(setup: object = {}) {
    this.send({ setup: usual(Object.assign({ sessionResumption: {} }, setup)) });
    await this.pass(600);
    return this;
  }

  /** The newest resumption handle. */
  get handle() {
    const updates = this.of("sessionResumptionUpdate").map((frame) => frame.sessionResumptionUpdate!);
    return updates.findLast(({ resumable }) => resumable)?.newHandle;
  }

  /** The kinds of the received frames, without repetitions. */
  get kinds() {
    return this.frames.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1]);
  }

  at(kind: string) {
    return this.frames.find((each) => each.kind === kind)?.at;
  }

  of(kind: string) {
    return this.frames.filter((each) => each.kind === kind).map((each) => each.frame);
  }

  /** All received audio, 24 kHz. */
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
  const simulator = await startSimulator({ clock, strict: true, ...options });
  cleanUp(() => simulator.close());
  const at = (path: string, headers?: Record<string, string>) =>
    new Client(simulator.url.replace("http", "ws") + path, clock, headers);
  /** A client after its handshake. */
  const open = () => at(`${PATH}?key=any`).opened();
  return { simulator, clock, at, open };
}

/** Resolves when the simulator has noticed that a conversation has no connection any more. */
export async function left(simulator: Simulator, index = 0) {
  while (simulator.conversations[index]!.open) await new Promise((resolve) => setImmediate(resolve));
}

/** Closes with 1000, and waits until the server has noticed. @param restMs then passes, so that a resume works at once */
export async function hangUp(simulator: Simulator, client: Client, restMs = 8000) {
  client.socket.close(1000);
  await client.closed;
  await left(simulator);
  client.clock.advance(restMs);
}

/** Disconnects without a close frame, and waits until the server has noticed. */
export async function drop(simulator: Simulator, client: Client) {
  client.socket.terminate();
  await left(simulator);
}

/** Sends a message, and advances the clock to the end of the answer. */
export async function answer(client: Client, message: object) {
  client.send(message);
  await client.pass(20_000);
}

/** The outcome of a new connection: its first frame, or its close code. */
export async function outcome(open: () => Promise<Client>, setup?: object) {
  const client = await open();
  await client.begin(setup);
  await client.pass(300);
  const first = client.kinds[0] ?? (await client.closed).code;
  client.socket.close(1000);
  await client.closed;
  return first;
}

/** A setup's resumption. */
export const resume = (handle: string | undefined) => ({ sessionResumption: { handle } });

/** Starts a simulator and a conversation after its setupComplete. @param setup added to a usual setup */
export async function converse(setup: object = {}, options: SimulatorOptions = {}) {
  const { simulator, clock, open } = await simulate(options);
  const client = await open();
  client.send({ setup: usual(setup) });
  // The client has the first resumption handle, which comes without being asked for.
  await client.pass(400);
  client.frames = [];
  return { simulator, clock, client };
}

export const sound = (pcm: Buffer, rate = 16000) => ({
  data: pcm.toString("base64"),
  mimeType: `audio/pcm;rate=${rate}`,
});

/** Pseudo-random numbers from -1 to 1, the same in every run. */
export function noiseSource(seed = 1) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}

/** PCM16 LE of a wave. @param wave amplitude by time in seconds */
export function pcm(seconds: number, rate: number, wave: (t: number) => number) {
  const samples = Math.round(seconds * rate);
  const buffer = Buffer.alloc(samples * 2);
  for (let n = 0; n < samples; n++)
    buffer.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(wave(n / rate)))), n * 2);
  return buffer;
}

/** Speech-like sound: decaying harmonics of a gliding tone, four syllables a second. */
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
