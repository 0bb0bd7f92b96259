// Turns that are given by hand: only what is said while the button is pressed goes out, with a little of what came before, so that
// the first syllable is whole; and what was begun is always ended.

import type { Done, Input } from "./queue";

/** Milliseconds of sound before activityStart that are sent after it. */
const PRE_ROLL_MS = 500;
/** Milliseconds after which a turn ends by itself: the release of the button was lost. */
const LONGEST_MS = 120_000;

type Sound = Extract<Input, { kind: "sound" }>;

const START = { kind: "signal", signal: "activityStart" } as const;
const END = { kind: "signal", signal: "activityEnd" } as const;
const nobody: Done = () => {};

export class PushToTalk {
  readonly #send: (input: Input, done: Done) => void;
  #preRoll: Sound[] = [];
  #preRollMs = 0;
  #pressed = false;
  /** activityStart was sent, with the first sound: the server takes no activity without any (docs/live-api.md 1.6). */
  #begun = false;
  #spokenMs = 0;

  constructor(send: (input: Input, done: Done) => void) {
    this.#send = send;
  }

  /** Takes sound and the signals of the button; everything else goes past it. */
  pass(input: Input, done: Done) {
    if (input.kind === "sound") this.#hear(input, done);
    else if (input.kind !== "signal") this.#send(input, done);
    else if (input.signal === "activityStart") this.#press(done);
    else this.#release(done);
  }

  /** The connection is gone: on the next one the turn that is being spoken begins again. */
  onLost() {
    this.#begun = false;
  }

  #press(done: Done) {
    this.#pressed = true;
    this.#spokenMs = 0;
    for (const sound of this.#preRoll.splice(0)) this.#speak(sound, nobody);
    this.#preRollMs = 0;
    done();
  }

  #release(done: Done) {
    this.#pressed = false;
    if (!this.#begun) return done();
    this.#begun = false;
    this.#send(END, done);
  }

  #hear(sound: Sound, done: Done) {
    if (this.#pressed) return this.#speak(sound, done);
    this.#preRoll.push(sound);
    this.#preRollMs += milliseconds(sound);
    while (this.#preRollMs > PRE_ROLL_MS && this.#preRoll.length)
      this.#preRollMs -= milliseconds(this.#preRoll.shift()!);
    done();
  }

  #speak(sound: Sound, done: Done) {
    if (!this.#begun) this.#send(START, nobody);
    this.#begun = true;
    this.#send(sound, done);
    this.#spokenMs += milliseconds(sound);
    if (this.#spokenMs >= LONGEST_MS) this.#release(nobody);
  }
}

function milliseconds({ pcm, sampleRate }: Sound) {
  return (pcm.length / 2 / sampleRate) * 1000;
}
