// The audio worklets: the microphone cuts sound into frames, the loudspeaker plays what the jitter buffer holds.

import { JitterBuffer } from "./jitter-buffer";

// The DOM library of TypeScript does not describe the scope of worklets.
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** From the page to the loudspeaker. */
export type ToLoudspeaker =
  | { type: "sound"; pcm: ArrayBuffer; turn: number | undefined }
  | { type: "end"; turn: number }
  | { type: "flush" };

/** From the loudspeaker to the page. */
export type FromLoudspeaker = { type: "played"; turn: number } | { type: "playing"; playing: boolean };

const FRAME = Math.round(sampleRate / 50);

/** Sends the sound of the microphone as PCM16 in frames of 20 ms. */
class Microphone extends AudioWorkletProcessor {
  #frame = new Int16Array(FRAME);
  #filled = 0;

  process([input]: Float32Array[][]): boolean {
    for (const sample of input?.[0] ?? []) {
      this.#frame[this.#filled++] = 32767 * Math.max(-1, Math.min(1, sample));
      if (this.#filled < FRAME) continue;
      this.port.postMessage(this.#frame.buffer, [this.#frame.buffer]);
      this.#frame = new Int16Array(FRAME);
      this.#filled = 0;
    }
    return true;
  }
}

class Loudspeaker extends AudioWorkletProcessor {
  readonly #buffer = new JitterBuffer(sampleRate, (turn) => this.#post({ type: "played", turn }));
  #playing = false;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<ToLoudspeaker>) => {
      if (data.type === "flush") this.#buffer.flush();
      else if (data.type === "end") this.#buffer.end(data.turn);
      else this.#buffer.push(new Int16Array(data.pcm), data.turn);
    };
  }

  process(_: unknown, [output]: Float32Array[][]): boolean {
    const [channel] = output!;
    this.#buffer.read(channel!);
    if (this.#playing !== this.#buffer.playing) {
      this.#playing = this.#buffer.playing;
      this.#post({ type: "playing", playing: this.#playing });
    }
    return true;
  }

  #post(message: FromLoudspeaker) {
    this.port.postMessage(message);
  }
}

registerProcessor("microphone", Microphone);
registerProcessor("loudspeaker", Loudspeaker);
