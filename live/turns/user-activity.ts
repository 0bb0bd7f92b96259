// Detects that the user is speaking by the energy of the sent sound and by the transcript, because not every model reports it
// (docs/live-api.md 1.3).

import type { Clock } from "../../audio/clock";
import type { StateStore } from "../state/store";
import { SilenceTimer } from "./silence-timer";

/** Root mean square of 16-bit samples below which nothing counts as speech: about -47 dB of full scale. */
const MIN_RMS = 150;
/** Speech is louder than the noise by this factor: 12 dB. */
const ABOVE_NOISE = 4;
/** With each frame the noise estimate rises by at most this factor (10 % in a second of 20 ms frames); it falls at once. */
const NOISE_RISE = 1.002;
/** The default of the server's silence duration, in milliseconds (docs/live-api.md 1.7). */
const DEFAULT_SILENCE_MS = 800;
/** Milliseconds from the end of the silence duration to the answer, with a margin (docs/live-api.md 1.5). */
const ANSWER_MS = 1_200;

export class UserActivity {
  readonly #state: StateStore;
  readonly #silence: SilenceTimer;
  #noise = Number.POSITIVE_INFINITY;
  /** The server reports speech on this connection. */
  #reported = false;

  /** @param silenceDurationMs silence after which the server ends a turn; undefined: the server default */
  constructor(clock: Clock, state: StateStore, silenceDurationMs = DEFAULT_SILENCE_MS) {
    this.#state = state;
    this.#silence = new SilenceTimer(clock, silenceDurationMs + ANSWER_MS, () =>
      state.apply({ type: "userAudible", audible: false }),
    );
    state.onChange((_before, { connection }) => {
      if (connection !== "connected") this.#reset();
    });
  }

  /** Sound was sent: PCM16 little-endian, mono. */
  onSound(pcm: Buffer) {
    if (this.#reported) return;
    const rms = rmsOf(pcm);
    this.#noise = Math.min(rms, Math.max(this.#noise, 1) * NOISE_RISE);
    if (rms > Math.max(MIN_RMS, this.#noise * ABOVE_NOISE)) this.onSpeech();
  }

  /** Speech of the user was detected or transcribed. */
  onSpeech() {
    if (this.#reported) return;
    this.#silence.restart();
    if (!this.#state.current.userAudible) this.#state.apply({ type: "userAudible", audible: true });
  }

  /** The server reports speech: from now on only its reports count. */
  onReport() {
    this.#reported = true;
    this.#silence.cancel();
    if (this.#state.current.userAudible) this.#state.apply({ type: "userAudible", audible: false });
  }

  /** The next connection may report no speech. */
  #reset() {
    this.#reported = false;
    this.#silence.cancel();
  }
}

/** Root mean square of every fourth sample, which is enough for speech. */
function rmsOf(pcm: Buffer): number {
  let sum = 0;
  let count = 0;
  for (let at = 0; at + 1 < pcm.length; at += 8) {
    const sample = pcm.readInt16LE(at);
    sum += sample * sample;
    count += 1;
  }
  return count ? Math.sqrt(sum / count) : 0;
}
