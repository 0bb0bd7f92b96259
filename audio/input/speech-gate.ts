// Lets only speech through: voice activity detection by energy, with a pre-roll before the speech and a hang-over after it.

import { defaultFormat } from "../formats";
import { durationMs, sampleBytes } from "../frames";
import { NoiseFloor, speechEnergy } from "./noise-floor";

const blockMs = 20;
const blockBytes = ((defaultFormat.sampleRate * blockMs) / 1000) * sampleBytes;
/** Speech has begun when so many of the last blocks are loud; clicks and key strokes are shorter. */
const loudBlocks = 5;
const windowBlocks = 10;
/** How far above the noise a block is loud: 8 dB before speech, 6 dB within it. */
const startRatio = 6;
const continueRatio = 4;
/** Energy of a block below which nothing is loud. */
const leastEnergy = 400;

/** What a frame has changed. */
export interface Gated {
  /** Speech has begun: the first frames are the pre-roll. */
  opens: boolean;
  /** The frames to send. */
  frames: Buffer[];
  /** Speech has ended; it comes after the frames. */
  closes: boolean;
}

/** Gates one stream of 16 kHz mono PCM16. */
export class SpeechGate {
  readonly #preRollMs: number;
  readonly #hangOverMs: number;
  readonly #floor = new NoiseFloor();
  /** Bytes of an incomplete block. */
  #rest: Buffer = Buffer.alloc(0);
  #lastSample = 0;
  /** Whether the last blocks were loud. */
  #loud: boolean[] = [];
  #preRoll: Buffer[] = [];
  #isOpen = false;
  #silentMs = 0;

  /** @param preRollMs sound that is sent from before the speech @param hangOverMs silence after which speech has ended */
  constructor(preRollMs: number, hangOverMs: number) {
    // Speech is detected at the end of the window.
    this.#preRollMs = preRollMs + windowBlocks * blockMs;
    this.#hangOverMs = hangOverMs;
  }

  /** Takes a frame of any length. */
  push(frame: Buffer): Gated {
    this.#detect(frame);
    if (!this.#isOpen) {
      this.#keep(frame);
      if (this.#loud.filter((loud) => loud).length < loudBlocks)
        return { opens: false, frames: [], closes: false };
      this.#isOpen = true;
      this.#silentMs = 0;
      return { opens: true, frames: this.#preRoll.splice(0), closes: false };
    }
    const closes = this.#silentMs >= this.#hangOverMs;
    if (closes) this.close();
    return { opens: false, frames: [frame], closes };
  }

  /** Closes the gate, and forgets the sound before. What is known of the noise stays. */
  close(): void {
    this.#isOpen = false;
    this.#loud = [];
    this.#preRoll = [];
  }

  #detect(frame: Buffer) {
    let sound = this.#rest.length > 0 ? Buffer.concat([this.#rest, frame]) : frame;
    for (; sound.length >= blockBytes; sound = sound.subarray(blockBytes)) {
      const block = sound.subarray(0, blockBytes);
      const energy = speechEnergy(block, this.#lastSample);
      this.#lastSample = block.readInt16LE(block.length - sampleBytes);
      const ratio = this.#isOpen ? continueRatio : startRatio;
      const isLoud = energy > Math.max(leastEnergy, this.#floor.track(energy) * ratio);
      // A single loud block is a click.
      const goesOn = isLoud && this.#loud.at(-1) === true;
      this.#silentMs = goesOn ? 0 : this.#silentMs + blockMs;
      this.#loud = [...this.#loud, isLoud].slice(-windowBlocks);
    }
    this.#rest = Buffer.from(sound);
  }

  #keep(frame: Buffer) {
    // Copied, because the sender may reuse its Buffer.
    this.#preRoll.push(Buffer.from(frame));
    const ms = () => this.#preRoll.reduce((sum, kept) => sum + durationMs(kept, defaultFormat.sampleRate), 0);
    while (this.#preRoll.length > 1 && ms() > this.#preRollMs) this.#preRoll.shift();
  }
}
