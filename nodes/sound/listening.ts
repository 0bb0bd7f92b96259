// Whether audio in listens to a device: not while it is muted, and with half duplex not while it speaks.

import type { Clock } from "../../audio/clock";
import { InputError } from "../../live/server/errors";

/** Devices that can be muted at the same time. */
const MAX_MUTED = 10_000;
/** Milliseconds after which a device counts as silent although its end was not reported, because that was probably lost. */
const MAX_SPEAKING_MS = 300_000;

export class Listening {
  readonly #clock: Clock;
  /** Milliseconds after the end of the device's speech; undefined: it may speak. */
  readonly #tailMs: number | undefined;
  readonly #muted = new Set<string>();
  /** Until when a device speaks, by the clock, and the turn that it began last. */
  readonly #speaking = new Map<string, { until: number; turn: unknown }>();

  /** @param tailMs with half duplex, how long it does not listen after the device has spoken; undefined: no half duplex */
  constructor(clock: Clock, tailMs: number | undefined) {
    this.#clock = clock;
    this.#tailMs = tailMs;
  }

  /** @throws InputError if too many devices are muted */
  mute(key: string) {
    if (this.#muted.size >= MAX_MUTED && !this.#muted.has(key))
      throw new InputError(
        `${MAX_MUTED} sessions are muted already. Unmute or disconnect those that have ended.`,
      );
    this.#muted.add(key);
  }

  unmute(key: string) {
    this.#muted.delete(key);
  }

  /** Forgets a device whose conversation has ended. */
  forget(key: string) {
    this.#muted.delete(key);
    this.#speaking.delete(key);
  }

  /** Takes an event of audio out, and the turn that it is about. */
  onEvent(key: string, event: unknown, turn: unknown) {
    if (this.#tailMs === undefined) return;
    const now = this.#clock.now();
    for (const [other, { until }] of this.#speaking) if (until <= now) this.#speaking.delete(other);
    const speaking = this.#speaking.get(key);
    // The first frame of a turn leaves before the device has played the turn before it.
    const isOver = event === "flush" || (event === "played" && speaking?.turn === turn);
    if (event === "playing") this.#speaking.set(key, { until: now + MAX_SPEAKING_MS, turn });
    else if (speaking && isOver) this.#speaking.set(key, { until: now + this.#tailMs, turn });
  }

  /** Whether it listens to the device now. */
  allows(key: string): boolean {
    const speaking = this.#speaking.get(key);
    return !this.#muted.has(key) && !(speaking && speaking.until > this.#clock.now());
  }
}
