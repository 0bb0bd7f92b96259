// A program of a test's own in place of a real one: it ends when the test says so.

import type { DeviceError } from "../../../nodes/sound-device/programs";
import type { Handlers, Running } from "../../../nodes/sound-device/run";

export class FakeRunning implements Running {
  readonly written: Buffer[] = [];
  readonly handlers: Handlers;
  /** How the code under test has ended it. */
  endedBy: "end" | "kill" | undefined;
  /** Whether it takes more sound. */
  takesMore = true;
  isPaused = false;
  readonly ended: Promise<DeviceError | undefined>;
  #resolve!: (error: DeviceError | undefined) => void;

  constructor(handlers: Handlers) {
    this.handlers = handlers;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  write(pcm: Buffer) {
    this.written.push(pcm);
    return this.takesMore;
  }

  end() {
    this.endedBy = "end";
  }

  kill() {
    this.endedBy = "kill";
  }

  pause() {
    this.isPaused = true;
  }

  resume() {
    this.isPaused = false;
  }

  /** Ends it, and waits until that is known. */
  async finish(error?: DeviceError) {
    this.#resolve(error);
    await this.ended;
    await undefined;
  }
}
