// Plays sound on a device: starts the program with the first sound, ends it after the last, and drops everything on a flush.

import type { Clock } from "../../audio/clock";
import { sampleBytes } from "../../audio/frames";
import { explainStall } from "./failures";
import { Outage } from "./outage";
import type { Command, DeviceError } from "./programs";
import type { Handlers, Running } from "./run";

/** Milliseconds without sound after which the program ends. It then plays what it still has. */
const IDLE_MS = 500;
/** Milliseconds that the program has to play the rest: more than its pipe holds. */
const END_MS = 15_000;
/** Milliseconds beyond the length of its sound after which a program that takes none has stalled: more than its pipe and the device hold. */
const STALL_MS = 15_000;

/** Interleaved 16-bit PCM. `sampleRate` in Hz. */
export interface PlayerFormat {
  sampleRate: number;
  channels: number;
}

export interface PlayerOptions {
  clock: Clock;
  /** Sound that may wait until the program takes it, in milliseconds. More drops the oldest. */
  maxMs: number;
  /** Finds the program; throws a DeviceError if there is none. */
  command(format: PlayerFormat): Command | Promise<Command>;
  run(command: Command, handlers: Handlers): Running;
  /** The program has been started, or has ended after all sound. */
  onChange(isPlaying: boolean): void;
  /** The program has ended, or was not found. `isNew`: the failure before had another cause. */
  onFailure(error: Error, isNew: boolean): void;
  /** So much of the oldest sound did not fit, in milliseconds. */
  onDrop(ms: number): void;
}

interface Playing {
  command: Command;
  running: Running;
  format: PlayerFormat;
  /** It gets no more sound. */
  isEnding: boolean;
  /** It was killed, which does not show that the device works. */
  isFlushed: boolean;
  /** It takes no more sound for now. */
  isFull: boolean;
  /** Clock time at which it should have taken the last sound. */
  stallsAt: number;
  stall?: DeviceError;
}

export class Player {
  readonly #options: PlayerOptions;
  readonly #outage: Outage;
  #queue: { pcm: Buffer; format: PlayerFormat }[] = [];
  #queuedMs = 0;
  /** The program is being found. */
  #isStarting = false;
  #playing: Playing | undefined;
  /** Clock time before which the program is not started again. */
  #retryAt = Number.NEGATIVE_INFINITY;
  /** Clock time of the last sound. */
  #writtenAt = 0;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#outage = new Outage(options.onFailure);
  }

  /** Plays whole samples. Drops them while a failed program waits for its next start: late sound is worse than none. */
  play(pcm: Buffer, format: PlayerFormat): void {
    const { clock, maxMs, onDrop } = this.#options;
    if (this.#isClosed || clock.now() < this.#retryAt) return;
    this.#queue.push({ pcm, format });
    this.#queuedMs += lengthMs(pcm, format);
    this.#pump();
    let dropped = 0;
    while (this.#queuedMs > maxMs && this.#queue.length > 0) {
      const oldest = this.#queue.shift()!;
      dropped += lengthMs(oldest.pcm, oldest.format);
      this.#queuedMs -= lengthMs(oldest.pcm, oldest.format);
    }
    if (dropped > 0) onDrop(dropped);
  }

  /** Drops all sound, also what the device has not played yet. */
  flush(): void {
    this.#drop();
    if (!this.#playing) return;
    this.#playing.isEnding = true;
    this.#playing.isFlushed = true;
    this.#playing.running.kill();
  }

  /** Drops all sound. Resolves when the program has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.flush();
    this.#cancelTimer?.();
    await this.#playing?.running.ended;
  }

  #drop() {
    this.#queue = [];
    this.#queuedMs = 0;
  }

  #pump() {
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      if (!this.#playing) void this.#start(next.format);
      const playing = this.#playing;
      if (!playing) return;
      if (!isSame(playing.format, next.format) && !playing.isEnding) this.#end(playing);
      if (playing.isEnding || playing.isFull) return;
      this.#queue.shift();
      this.#queuedMs -= lengthMs(next.pcm, next.format);
      this.#writtenAt = this.#options.clock.now();
      playing.stallsAt = this.#writtenAt + lengthMs(next.pcm, next.format) + STALL_MS;
      playing.isFull = !playing.running.write(next.pcm);
    }
  }

  async #start(format: PlayerFormat) {
    if (this.#isStarting) return;
    this.#isStarting = true;
    try {
      const found = this.#options.command(format);
      if (!(found instanceof Promise)) return this.#run(found, format);
      const command = await found;
      // It may have been flushed or closed meanwhile.
      if (this.#queue.length === 0) return;
      this.#run(command, format);
      this.#pump();
    } catch (error) {
      this.#fail(error as Error);
    } finally {
      this.#isStarting = false;
    }
  }

  #run(command: Command, format: PlayerFormat) {
    const { clock, run, onChange } = this.#options;
    const running = run(command, {
      onDrain: () => {
        playing.isFull = false;
        this.#writtenAt = clock.now();
        this.#pump();
      },
    });
    const playing: Playing = {
      command,
      running,
      format,
      isEnding: false,
      isFlushed: false,
      isFull: false,
      stallsAt: Number.POSITIVE_INFINITY,
    };
    this.#playing = playing;
    running.ended.then((error) => this.#onEnd(playing, error ?? playing.stall));
    this.#endWhenIdle(playing, IDLE_MS);
    onChange(true);
  }

  #endWhenIdle(playing: Playing, ms: number) {
    this.#cancelTimer = this.#options.clock.after(ms, () => {
      if (playing.isFull && this.#options.clock.now() >= playing.stallsAt) {
        playing.stall = explainStall("loudspeaker", playing.command);
        return playing.running.kill();
      }
      const isIdle = !playing.isFull && this.#queue.length === 0;
      const left = isIdle ? this.#writtenAt + IDLE_MS - this.#options.clock.now() : IDLE_MS;
      if (left > 0) this.#endWhenIdle(playing, left);
      else this.#end(playing);
    });
  }

  #end(playing: Playing) {
    playing.isEnding = true;
    playing.running.end();
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.after(END_MS, () => playing.running.kill());
  }

  #onEnd({ isFlushed }: Playing, error: DeviceError | undefined) {
    this.#cancelTimer?.();
    this.#playing = undefined;
    if (this.#isClosed) return;
    if (error) return this.#fail(error);
    if (!isFlushed) this.#outage.over();
    this.#pump();
    if (!this.#playing) this.#options.onChange(false);
  }

  #fail(error: Error) {
    this.#drop();
    this.#retryAt = this.#options.clock.now() + this.#outage.failed(error);
  }
}

const isSame = (one: PlayerFormat, other: PlayerFormat) =>
  one.sampleRate === other.sampleRate && one.channels === other.channels;

const lengthMs = (pcm: Buffer, { sampleRate, channels }: PlayerFormat) =>
  (pcm.length / sampleBytes / channels / sampleRate) * 1_000;
