// The failures of a device in a row: growing waits between the attempts, and one report for each cause.

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export class Outage {
  #failures = 0;
  #reported: string | undefined;
  readonly #report: (error: Error, isNew: boolean) => void;

  /** `report` gets every failure; `isNew`: the one before, if any, had another cause. */
  constructor(report: (error: Error, isNew: boolean) => void) {
    this.#report = report;
  }

  /** Returns how long to wait before the next attempt: 1 s, 2 s, 4 s, and so on up to a minute. */
  failed(error: Error): number {
    const isNew = error.message !== this.#reported;
    this.#reported = error.message;
    this.#report(error, isNew);
    return Math.min(FIRST_WAIT_MS * 2 ** this.#failures++, LONGEST_WAIT_MS);
  }

  /** The device works: the next failure is a new one. */
  over(): void {
    this.#failures = 0;
    this.#reported = undefined;
  }
}
