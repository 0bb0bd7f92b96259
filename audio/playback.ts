// Plays sound in frames, paced in real time, out of a bounded queue.

import { checkFormat, SoundError } from "./formats";
import { durationMs, Framer, sampleBytes } from "./frames";
import type { Pacer } from "./pacer";
import { Resampler } from "./resampler";

// After a longer delay of the process the device has an underrun. Pacing then starts anew; otherwise all overdue frames would
// leave in one burst.
const lateMs = 100;

// A jitter buffer that is not full plays when no more sound has come for this long, so that nothing waits forever.
const fillTimeoutMs = 500;

/** Times are in milliseconds. */
export interface PlaybackOptions {
  /** Sample rate of the frames in Hz, one of `sampleRates`. */
  sampleRate: number;
  /** Frame length, 1 to 1000 ms. Undefined: each pushed chunk is a frame. */
  frameMs: number | undefined;
  /** Send-ahead: how far ahead of real time frames may leave. Default 200. */
  sendAheadMs?: number;
  /** Jitter buffer: how much sound must wait before a turn starts to play, and again after an underrun. Default 100. */
  jitterBufferMs?: number;
  /** Queue limit. */
  maxMs: number;
  /** Real time; false: burst, every frame leaves as soon as it is complete, and only frame length and rate matter. */
  paced: boolean;
  /** The sound of a turn leaves at its end, as one frame, whatever `paced` says. Default false. */
  whole?: boolean;
  /** Called when the device had nothing to play within a turn, with the length of the gap. Must not throw. */
  onUnderrun?: (ms: number) => void;
}

/** Called when playback reaches it; `dropped`: the sound before it was dropped. */
type Mark = (dropped: boolean) => void;

/**
 * Plays sound to one device. `onFrame` gets each frame when it is due, in order, as mono PCM16; frames may be views of the
 * pushed Buffers. `onFrame` and the callbacks of marks must not throw, because the timer calls them too.
 * Await loadResampler() before. Throws a SoundError for sample rates and frame lengths that are not supported.
 */
export class Playback {
  readonly #pacer: Pacer;
  readonly #options: Required<PlaybackOptions>;
  readonly #onFrame: (frame: Buffer) => void;
  readonly #framer: Framer;
  #resampler: Resampler;
  #fromRate: number;
  #queue: (Buffer | Mark)[] = [];
  /** Bytes in the queue, without the incomplete frame. */
  #queuedBytes = 0;
  /** The jitter buffer is not full yet. */
  #filling = true;
  /** When sound was last pushed. */
  #pushedAt = 0;
  /** The turn is complete: the next sound starts another one. */
  #ended = false;
  /** When the device will have played all frames that have left. */
  #playedAt = Number.NEGATIVE_INFINITY;
  /** Milliseconds of the current turn that have left. */
  #sentMs = 0;
  /** The queue has run empty within a turn. */
  #dry = false;
  /** What to call when the device has played the frames that had left before. */
  #ends: { at: number; played: () => void }[] = [];
  #freed = false;

  constructor(pacer: Pacer, options: PlaybackOptions, onFrame: (frame: Buffer) => void) {
    const { sampleRate, frameMs, maxMs, paced } = options;
    const { sendAheadMs = 200, jitterBufferMs = 100, whole = false, onUnderrun = () => {} } = options;
    this.#pacer = pacer;
    this.#options = { sampleRate, frameMs, maxMs, paced, sendAheadMs, jitterBufferMs, whole, onUnderrun };
    this.#onFrame = onFrame;
    this.#framer = new Framer(sampleRate, frameMs);
    this.#fromRate = sampleRate;
    this.#resampler = new Resampler(sampleRate, sampleRate);
  }

  /** Frames or marks wait in the queue for their time, or the device plays. A whole answer waits for its end, which may never come. */
  get isPlaying(): boolean {
    return (this.#queue.length > 0 && !this.#options.whole) || this.#aheadMs > 0;
  }

  /** Milliseconds of sound that have left and that the device has not played, by the clock. */
  get #aheadMs(): number {
    return Math.max(0, this.#playedAt - this.#pacer.clock.now());
  }

  /** Milliseconds of the current turn that the device has played, by the clock. */
  get heardMs(): number {
    return Math.max(0, this.#sentMs - this.#aheadMs);
  }

  /** Milliseconds of sound that were pushed and that the device has not played, by the clock. */
  get unheardMs(): number {
    return this.queuedMs + this.#aheadMs;
  }

  /** Starts to count `heardMs` for another turn: call it in the mark before its sound. */
  beginTurn(): void {
    this.#sentMs = 0;
  }

  /** Calls `played` once when the device has played all that has left; never when that is dropped. */
  whenPlayed(played: () => void): void {
    this.#check();
    this.#ends.push({ at: this.#playedAt, played });
    this.#run();
  }

  /** Milliseconds of sound that wait in the queue, the incomplete frame included. */
  get queuedMs(): number {
    const length = this.#queuedBytes + this.#framer.restBytes;
    return durationMs({ length }, this.#options.sampleRate);
  }

  /**
   * Queues mono PCM16 of a rate in `sampleRates` (Hz). Throws a SoundError, and drops the whole chunk, when it ends in the
   * middle of a sample, has another rate, or does not fit in the queue.
   */
  push(pcm: Buffer, sampleRate = 24000): void {
    this.#check();
    if (pcm.length % sampleBytes !== 0)
      throw new SoundError(
        `The sound of ${pcm.length} bytes ends in the middle of a sample. Send whole 16-bit samples.`,
      );
    checkFormat({ sampleRate: sampleRate, channels: 1 }, "The sound");
    const ms = durationMs(pcm, sampleRate);
    const { paced, whole } = this.#options;
    if ((paced || whole) && this.queuedMs + ms > this.#options.maxMs) {
      if (!whole) this.#start(); // The jitter buffer may be longer than the queue limit.
      throw new SoundError(
        `The queue is full: ${Math.round(ms)} ms of sound were dropped. ${Math.round(this.queuedMs)} ms wait to be played, ` +
          `and the limit is ${this.#options.maxMs} ms. Send the sound more slowly or raise the queue limit.`,
        "GEMINI_QUEUE_FULL",
      );
    }
    if (sampleRate !== this.#fromRate) {
      const next = new Resampler(sampleRate, this.#options.sampleRate);
      this.#enqueue(this.#framer.push(this.#resampler.flush()));
      this.#resampler.free();
      this.#resampler = next;
      this.#fromRate = sampleRate;
    }
    const underrun = this.#pacer.clock.now() >= this.#playedAt;
    if (this.#queue.length === 0 && (this.#ended || underrun)) {
      this.#filling = true;
      this.#dry = !this.#ended && this.#sentMs > 0;
    }
    this.#ended = false;
    this.#pushedAt = this.#pacer.clock.now();
    this.#enqueue(this.#framer.push(this.#resampler.process(pcm)));
    if (!whole && (!paced || this.queuedMs >= this.#options.jitterBufferMs)) this.#start();
    else this.#run();
  }

  /** Ends the turn: its last frame is queued, even if it is shorter, and plays without waiting for the jitter buffer. */
  end(): void {
    this.#check();
    this.#enqueue(this.#framer.push(this.#resampler.flush()));
    const rest = this.#framer.takeRest();
    if (rest.length > 0) this.#enqueue([rest]);
    if (this.#options.whole) this.#join();
    this.#ended = true;
    this.#start();
  }

  /**
   * Calls `mark` once when all sound pushed before has left, immediately when none waits.
   * Ends the turn, so that the mark does not wait behind an incomplete frame or a jitter buffer.
   */
  mark(mark: Mark): void {
    this.end();
    this.#queue.push(mark);
    this.#run();
  }

  /** Drops all sound that has not left, and then calls the marks in the queue. */
  flush(): void {
    this.#check();
    const marks = this.#queue.filter((entry) => typeof entry === "function");
    this.#drop();
    for (const mark of marks) mark(true);
  }

  /** Drops everything and frees the native memory. Afterwards all methods but free() throw. */
  free(): void {
    if (this.#freed) return;
    this.#drop();
    this.#resampler.free();
    this.#freed = true;
  }

  #check() {
    if (this.#freed) throw new Error("This playback was freed");
  }

  #drop() {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#framer.takeRest();
    this.#resampler.reset();
    // The device drops its buffer too, so it is silent now.
    this.#playedAt = Number.NEGATIVE_INFINITY;
    this.#sentMs = 0;
    this.#ends = [];
    this.#dry = false;
    this.#filling = true;
    this.#pacer.delete(this.#run);
  }

  #enqueue(frames: Buffer[]) {
    for (const frame of frames) {
      this.#queue.push(frame);
      this.#queuedBytes += frame.length;
    }
  }

  /** Joins the frames in the queue to one, before the marks behind them. */
  #join() {
    const frames = this.#queue.filter((entry) => typeof entry !== "function");
    if (frames.length < 2) return;
    const marks = this.#queue.filter((entry) => typeof entry === "function");
    this.#queue = [Buffer.concat(frames), ...marks];
  }

  #start() {
    if (this.#filling) {
      const now = this.#pacer.clock.now();
      if (this.#dry && now > this.#playedAt) this.#options.onUnderrun(now - this.#playedAt);
      this.#dry = false;
      this.#playedAt = Math.max(this.#playedAt, now);
    }
    this.#filling = false;
    this.#run();
  }

  /** When what waits is to leave; Infinity: nothing waits. */
  get #nextAt(): number {
    const { whole, sendAheadMs } = this.#options;
    const waits = this.#filling ? !whole && this.queuedMs > 0 : this.#queue.length > 0;
    if (!waits) return Number.POSITIVE_INFINITY;
    return this.#filling ? this.#pushedAt + fillTimeoutMs : this.#playedAt - sendAheadMs;
  }

  /** Sends what is due. Callbacks may call methods of this playback, so the state is read anew after each. */
  readonly #run = (): void => {
    const { paced, whole, sendAheadMs } = this.#options;
    const now = this.#pacer.clock.now();
    if (!whole && this.#filling && now - this.#pushedAt >= fillTimeoutMs) this.end();
    while (!this.#filling && this.#queue.length > 0) {
      const next = this.#queue[0]!;
      if (typeof next === "function") {
        this.#queue.shift();
        next(false);
        continue;
      }
      if (now - this.#playedAt > lateMs) {
        if (this.#sentMs > 0) this.#options.onUnderrun(now - this.#playedAt);
        this.#playedAt = now;
      }
      if (paced && !whole && this.#playedAt - now > sendAheadMs) break;
      this.#queue.shift();
      this.#queuedBytes -= next.length;
      const ms = durationMs(next, this.#options.sampleRate);
      this.#playedAt += ms;
      this.#sentMs += ms;
      this.#onFrame(next);
    }
    while (this.#ends.length > 0 && this.#ends[0]!.at <= now) this.#ends.shift()!.played();
    const dueAt = Math.min(this.#nextAt, this.#ends[0]?.at ?? Number.POSITIVE_INFINITY);
    if (dueAt < Number.POSITIVE_INFINITY) this.#pacer.add(this.#run, dueAt);
    else this.#pacer.delete(this.#run);
  };
}
