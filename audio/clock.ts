// The one notion of time that everything timed in this package is given, so that a test can drive it.

export interface Clock {
  /** Milliseconds on a scale that never jumps; its zero means nothing. */
  now(): number;
  /** Milliseconds since 1970, for times that another machine must understand; it jumps when the machine's clock is set. */
  date(): number;
  /** Calls back once, `ms` milliseconds from now, and returns the function that takes that back. */
  after(ms: number, callback: () => void): () => void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};
