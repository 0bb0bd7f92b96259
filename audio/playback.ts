// Plays sound out in frames at the pace at which a device plays them: a bounded queue for each playback, and one timer for
// all of them.

import { type Clock, systemClock } from "./clock";
import { checkedFormat, SoundError } from "./formats";
import { durationMs, Framer, sampleBytes } from "./frames";
import { Resampler } from "./resampler";

const tickMs = 10;

// Later than this, the process stood still and the device has run dry. Its time then goes on from now; otherwise all that
// was missed would go out in one burst.
const lateMs = 100;

/** The one timer behind all playbacks that are given it. It runs only while one of them has frames that wait for their time. */
export class Pacer {
  readonly clock: Clock;
  readonly #runs = new Set<() => void>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  /** Calls `run` about every 10 ms until it is taken out again. */
  add(run: () => void): void {
    this.#runs.add(run);
    if (!this.#cancel) this.#arm();
  }

  /** Takes `run` out; with the last one the timer stops. */
  delete(run: () => void): void {
    this.#runs.delete(run);
    if (this.#runs.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm() {
    // Ticks lie on multiples of 10 ms of the clock, so their lateness does not add up.
    this.#cancel = this.clock.after(tickMs - (this.clock.now() % tickMs), () => {
      this.#arm(); // First, so that a callback that throws stops nobody else's sound.
      for (const run of this.#runs) run();
    });
  }
}

/** How a playback behaves. Times are in milliseconds of sound. */
export interface PlaybackOptions {
  /** Rate of the frames in Hz, one of `sampleRates`. */
  sampleRate: number;
  /** Length of a frame, 1 to 1000 ms. */
  frameMs: number;
  /** How far ahead of real time frames may leave; 200 when left out. */
  sendAheadMs?: number;
  /** How much must have come before the first frame of a turn leaves, and again after an underrun; 100 when left out. */
  jitterBufferMs?: number;
  /** The most that may wait in the queue. */
  maxMs: number;
  /** false: frames leave as soon as they are whole, and nothing else here matters but their length and rate. */
  paced: boolean;
}

/**
 * Sound on its way to one device. Frames are handed to `onFrame` as mono PCM16, in order, when their time has come; they
 * may be views of what was pushed. Neither it nor a mark may throw: both are also called from the timer.
 * loadResampler() must have been awaited. A SoundError refuses rates and frame lengths that are not possible.
 */
export class Playback {
  readonly #pacer: Pacer;
  readonly #options: Required<PlaybackOptions>;
  readonly #onFrame: (frame: Buffer) => void;
  readonly #framer: Framer;
  #resampler: Resampler;
  #fromRate: number;
  #queue: (Buffer | (() => void))[] = [];
  /** Bytes in the queue, without those that wait for the rest of their frame. */
  #queuedBytes = 0;
  /** The prebuffer is not full yet. */
  #waiting = true;
  /** The turn is complete: what comes next begins another one. */
  #ended = false;
  /** When the device will have played all that has left. */
  #playedAt = Number.NEGATIVE_INFINITY;
  #freed = false;

  constructor(pacer: Pacer, options: PlaybackOptions, onFrame: (frame: Buffer) => void) {
    this.#pacer = pacer;
    this.#options = {
      ...options,
      sendAheadMs: options.sendAheadMs ?? 200,
      jitterBufferMs: options.jitterBufferMs ?? 100,
    };
    this.#onFrame = onFrame;
    this.#framer = new Framer(options.sampleRate, options.frameMs);
    this.#fromRate = options.sampleRate;
    this.#resampler = new Resampler(options.sampleRate, options.sampleRate);
  }

  /** Milliseconds of sound that have not left yet. */
  get queuedMs(): number {
    const length = this.#queuedBytes + this.#framer.restBytes;
    return durationMs({ length }, this.#options.sampleRate);
  }

  /**
   * Queues mono PCM16 of any rate in `sampleRates` (Hz). Throws a SoundError, and keeps what is queued, when the chunk is
   * no whole number of samples, has another rate, or does not fit in the queue: it is then dropped as a whole.
   */
  push(pcm: Buffer, sampleRate = 24000): void {
    this.#check();
    if (pcm.length % sampleBytes !== 0)
      throw new SoundError(
        `${pcm.length} bytes of sound end in the middle of a sample. Send whole 16-bit samples.`,
      );
    checkedFormat(sampleRate, 1, "The sound");
    const ms = durationMs(pcm, sampleRate);
    if (this.#options.paced && this.queuedMs + ms > this.#options.maxMs) {
      this.#start(); // A full queue must not wait to become fuller.
      throw new SoundError(
        `${Math.round(ms)} ms of sound were dropped: ${Math.round(this.queuedMs)} ms wait to be played, and the queue ` +
          `holds at most ${this.#options.maxMs} ms. Send the sound more slowly or raise the limit.`,
      );
    }
    if (sampleRate !== this.#fromRate) {
      const next = new Resampler(sampleRate, this.#options.sampleRate);
      this.#enqueue(this.#framer.push(this.#resampler.flush()));
      this.#resampler.free();
      this.#resampler = next;
      this.#fromRate = sampleRate;
    }
    const dry = this.#ended || this.#pacer.clock.now() >= this.#playedAt;
    if (this.#queue.length === 0 && dry) this.#waiting = true;
    this.#ended = false;
    this.#enqueue(this.#framer.push(this.#resampler.process(pcm)));
    if (!this.#options.paced || this.queuedMs >= this.#options.jitterBufferMs) this.#start();
    else this.#run();
  }

  /** The turn is complete: its last frame is queued, short as it is, and the prebuffer is no longer awaited. */
  end(): void {
    this.#check();
    this.#enqueue(this.#framer.push(this.#resampler.flush()));
    const rest = this.#framer.takeRest();
    if (rest.length > 0) this.#enqueue([rest]);
    this.#ended = true;
    this.#start();
  }

  /**
   * Calls back once when all sound pushed before has left, perhaps at once.
   * Implies end(): a mark must not get stuck behind half a frame or a prebuffer.
   */
  mark(callback: () => void): void {
    this.end();
    this.#queue.push(callback);
    this.#run();
  }

  /** Drops everything that has not left, marks too. Returns how many milliseconds of sound that was. */
  flush(): number {
    this.#check();
    const dropped = this.queuedMs;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#framer.takeRest();
    this.#resampler.reset();
    // The device is told to drop what it holds, so its time starts anew.
    this.#playedAt = Number.NEGATIVE_INFINITY;
    this.#waiting = true;
    this.#pacer.delete(this.#run);
    return dropped;
  }

  /** Drops everything and gives the native memory back. Afterwards everything but free() throws. */
  free(): void {
    if (this.#freed) return;
    this.flush();
    this.#resampler.free();
    this.#freed = true;
  }

  #check() {
    if (this.#freed) throw new Error("This playback was freed");
  }

  #enqueue(frames: Buffer[]) {
    for (const frame of frames) {
      this.#queue.push(frame);
      this.#queuedBytes += frame.length;
    }
  }

  #start() {
    if (this.#waiting) this.#playedAt = Math.max(this.#playedAt, this.#pacer.clock.now());
    this.#waiting = false;
    this.#run();
  }

  /** Lets go what is due. Callbacks may call back into this playback: nothing is kept across one. */
  readonly #run = (): void => {
    const { paced, sendAheadMs } = this.#options;
    const now = this.#pacer.clock.now();
    while (!this.#waiting && this.#queue.length > 0) {
      const next = this.#queue[0]!;
      if (typeof next === "function") {
        this.#queue.shift();
        next();
        continue;
      }
      if (now - this.#playedAt > lateMs) this.#playedAt = now;
      if (paced && this.#playedAt - now > sendAheadMs) break;
      this.#queue.shift();
      this.#queuedBytes -= next.length;
      this.#playedAt += durationMs(next, this.#options.sampleRate);
      this.#onFrame(next);
    }
    if (!this.#waiting && this.#queue.length > 0) this.#pacer.add(this.#run);
    else this.#pacer.delete(this.#run);
  };
}
