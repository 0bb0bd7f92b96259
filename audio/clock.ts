// The clock of all code that depends on time; tests replace it.

export interface Clock {
  /** Milliseconds on a monotonic scale with an arbitrary zero. */
  now(): number;
  /** Milliseconds since 1970, for times that another machine reads. It jumps when the machine's clock is set. */
  date(): number;
  /** Calls back once, `ms` milliseconds from now, or after 24 days if that is sooner. Returns a function that cancels the call. */
  after(ms: number, callback: () => void): () => void;
}

/** The longest timer of Node.js, in milliseconds; it calls back at once for a longer one. */
const LONGEST_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, ms), LONGEST_MS));
    return () => clearTimeout(timer);
  },
};
