// The clock of all code that depends on time; tests replace it.

export interface Clock {
  /** Milliseconds on a monotonic scale with an arbitrary zero. */
  now(): number;
  /** Milliseconds since 1970, for times that another machine reads. It jumps when the machine's clock is set. */
  date(): number;
  /** Calls back once, `ms` milliseconds from now. Returns a function that cancels the call. */
  after(ms: number, callback: () => void): () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};
