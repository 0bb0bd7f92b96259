// Push to talk: sends sound only while the button is pressed, with a short pre-roll, so that the first syllable is complete. Each
// activityStart gets an activityEnd.

import type { Clock } from "../../audio/clock";
import { durationMs } from "../../audio/frames";
import type { StateStore } from "../state/store";
import { type Done, type Input, noDone, type Sound } from "./input";

/** Maximum pre-roll: milliseconds of sound from before the press. */
const PRE_ROLL_MS = 500;
/** Milliseconds after which sound is too old for the pre-roll: it belongs to earlier speech. */
const PRE_ROLL_AGE_MS = 1_000;
/** Milliseconds of sound after which a turn ends without a release, because the release was probably lost. */
const MAX_ACTIVITY_MS = 120_000;

const START = { kind: "signal", signal: "activityStart" } as const;
const END = { kind: "signal", signal: "activityEnd" } as const;

export class PushToTalk {
  readonly #clock: Clock;
  readonly #state: StateStore;
  readonly #send: (input: Input, done: Done) => void;
  #preRoll: { sound: Sound; heardAt: number }[] = [];
  #spokenMs = 0;

  /** @param send sends an input into the conversation */
  constructor(clock: Clock, state: StateStore, send: (input: Input, done: Done) => void) {
    this.#clock = clock;
    this.#state = state;
    this.#send = send;
  }

  /** Takes sound, also while the conversation is not open. */
  hear(sound: Sound, done: Done) {
    if (this.#state.current.button !== "released") return this.#speak(sound, done);
    const now = this.#clock.now();
    this.#preRoll.push({ sound, heardAt: now });
    let ms = 0;
    const kept = this.#preRoll.findLastIndex(({ sound: { pcm, sampleRate }, heardAt }) => {
      ms += durationMs(pcm, sampleRate);
      return ms > PRE_ROLL_MS || now - heardAt > PRE_ROLL_AGE_MS;
    });
    this.#preRoll.splice(0, kept + 1);
    done();
  }

  press(done: Done) {
    this.#spokenMs = 0;
    this.#state.apply({ type: "buttonPressed" });
    const now = this.#clock.now();
    for (const { sound, heardAt } of this.#preRoll.splice(0))
      if (now - heardAt <= PRE_ROLL_AGE_MS) this.#speak(sound, noDone);
    done();
  }

  release(done: Done) {
    const wasOpen = this.#state.current.button === "open";
    this.#state.apply({ type: "buttonReleased" });
    if (wasOpen) this.#send(END, done);
    else done();
  }

  /** The server accepts no activity without sound, so activityStart is sent with the first sound (docs/live-api.md 1.6). */
  #speak(sound: Sound, done: Done) {
    if (this.#state.current.button === "pressed") {
      this.#state.apply({ type: "activityOpened" });
      this.#send(START, noDone);
    }
    this.#send(sound, done);
    this.#spokenMs += durationMs(sound.pcm, sound.sampleRate);
    if (this.#spokenMs >= MAX_ACTIVITY_MS) this.release(noDone);
  }
}
