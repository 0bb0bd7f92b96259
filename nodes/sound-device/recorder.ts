// Records from a device for as long as it is wanted: restarts the program when it ends, with growing waits.

import type { Clock } from "../../audio/clock";
import { durationMs, sampleBytes } from "../../audio/frames";
import { explainStall } from "./failures";
import { Outage } from "./outage";
import type { Command, DeviceError } from "./programs";
import type { Handlers, Running } from "./run";

/** Milliseconds of recording after which the device is known to work. */
const PROVEN_MS = 10_000;
/** A program without sound in two of these intervals, in milliseconds, has stalled. One may pass while this process is busy. */
const WATCH_MS = 5_000;
/** Milliseconds of sound that may come ahead of real time, for what waited in the pipe while this process was busy. */
const AHEAD_MS = 3_000;
/** So many times real time is still a device: its clock is not exact. */
const DRIFT = 1.01;

export interface RecorderOptions {
  clock: Clock;
  /** Hz of the mono PCM16 that the program delivers. */
  sampleRate: number;
  /** Finds the program; throws a DeviceError if there is none. */
  command(): Command | Promise<Command>;
  run(command: Command, handlers: Handlers): Running;
  /** Gets whole samples, in chunks of any size, no faster than in real time. */
  onSound(chunk: Buffer): void;
  /** The program of a start has delivered its first sound. */
  onStart(): void;
  /** The program has ended, or was not found. `isNew`: the failure before had another cause. */
  onFailure(error: Error, isNew: boolean): void;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #outage: Outage;
  #isWanted = false;
  /** The program is being found. */
  #isLaunching = false;
  #running: Running | undefined;
  #isRecording = false;
  #cancelRestart: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  #cancelResume: (() => void) | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#outage = new Outage(options.onFailure);
  }

  /** Sound comes from the device. */
  get isRecording(): boolean {
    return this.#isRecording;
  }

  /** Starts to record, unless it does already. */
  start(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    // A program that was stopped may still have the device: its end starts the next one.
    if (!this.#running && !this.#isLaunching) void this.#launch();
  }

  /** Stops at once. Resolves when the program has ended. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    this.#isRecording = false;
    this.#cancelRestart?.();
    this.#cancelRestart = undefined;
    this.#outage.over();
    this.#running?.kill();
    await this.#running?.ended;
  }

  async #launch() {
    this.#cancelRestart = undefined;
    this.#isLaunching = true;
    try {
      const found = this.#options.command();
      const command = found instanceof Promise ? await found : found;
      if (this.#isWanted) this.#record(command);
    } catch (error) {
      if (this.#isWanted) this.#retry(error as Error);
    } finally {
      this.#isLaunching = false;
    }
  }

  #record(command: Command) {
    const { clock, sampleRate, run, onSound, onStart } = this.#options;
    let provenAt: number | undefined;
    let half: Buffer = Buffer.alloc(0);
    let aheadMs = 0;
    let heardAt = clock.now();
    let silentIntervals = 0;
    let stall: DeviceError | undefined;
    const running = run(command, {
      onSound: (chunk) => {
        silentIntervals = 0;
        if (!this.#isWanted || this.#running !== running) return;
        if (provenAt === undefined) {
          provenAt = clock.now() + PROVEN_MS;
          this.#isRecording = true;
          onStart();
        }
        if (clock.now() >= provenAt) this.#outage.over();
        const sound = half.length > 0 ? Buffer.concat([half, chunk]) : chunk;
        const whole = sound.length - (sound.length % sampleBytes);
        half = sound.subarray(whole);
        const waitedMs = clock.now() - heardAt;
        heardAt = clock.now();
        aheadMs = Math.max(0, aheadMs - waitedMs * DRIFT) + durationMs(chunk, sampleRate);
        if (aheadMs > AHEAD_MS) this.#holdBack(running, aheadMs - AHEAD_MS);
        onSound(sound.subarray(0, whole));
      },
    });
    const watch = () => {
      this.#cancelWatch = clock.after(WATCH_MS, () => {
        if (++silentIntervals < 2) return watch();
        stall = explainStall("microphone", command);
        running.kill();
      });
    };
    watch();
    this.#running = running;
    running.ended.then((error) => this.#onEnd(error ?? stall));
  }

  /** The null device of ALSA, or a file, would fill the flow with sound as fast as this machine can take it. */
  #holdBack(running: Running, ms: number) {
    running.pause();
    this.#cancelResume?.();
    this.#cancelResume = this.#options.clock.after(ms, () => running.resume());
  }

  #onEnd(error: DeviceError | undefined) {
    this.#cancelWatch?.();
    this.#cancelResume?.();
    this.#running = undefined;
    this.#isRecording = false;
    if (!this.#isWanted) return;
    // Without an error it was stopped, and is wanted again by now.
    if (error) this.#retry(error);
    else void this.#launch();
  }

  #retry(error: Error) {
    const wait = this.#outage.failed(error);
    this.#cancelRestart = this.#options.clock.after(wait, () => void this.#launch());
  }
}
