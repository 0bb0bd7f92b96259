// What waits to be sent while there is no connection: messages in order and bounded in number, sound bounded in milliseconds.

import { InputError } from "../server/errors";

/** Something for the model, as it goes into a conversation. */
export type Input =
  | {
      kind: "sound";
      /** PCM16 mono */
      pcm: Buffer;
      /** Hz */
      sampleRate: number;
    }
  | { kind: "image"; data: Buffer; mimeType: "image/jpeg" | "image/png" }
  | {
      kind: "text";
      text: string;
      /** false: context, no answer wanted */
      turnComplete: boolean;
      /** It is sent only when nobody speaks. */
      whenIdle?: true;
      /** It got no answer when it was sent before. */
      again?: true;
    }
  | { kind: "history"; turns: { role: "user" | "model"; text: string }[] }
  | ToolResponse
  | { kind: "signal"; signal: "activityStart" | "activityEnd" | "audioStreamEnd" };

/** The answer of a tool to a call of the model. */
export interface ToolResponse {
  kind: "toolResponse";
  id: string;
  name: string;
  response: Record<string, unknown>;
  /** When the model speaks about it; only for calls during which it goes on talking. */
  scheduling?: "INTERRUPT" | "WHEN_IDLE" | "SILENT";
  willContinue?: boolean;
}

/** Called once: without an error when the input was sent (sound: when it was taken), else with the reason. */
export type Done = (error?: Error) => void;

/** Bounds of what waits. */
export interface QueueLimits {
  messages: number;
  soundMs: number;
}

interface Waiting {
  input: Input;
  done: Done;
  /** Nobody waits for its `done`: sound is done when it is taken, and what is sent again was done the first time. */
  silent?: boolean;
}

export class OfflineQueue {
  #waiting: Waiting[] = [];
  #soundMs = 0;
  #messages = 0;
  #lostSoundMs = 0;
  readonly #limits: QueueLimits;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length() {
    return this.#waiting.length;
  }

  has(kind: Input["kind"]) {
    return this.#waiting.some(({ input }) => input.kind === kind);
  }

  add(input: Input, done: Done) {
    if (input.kind === "sound") {
      this.#waiting.push({ input, done: () => {}, silent: true });
      this.#soundMs += milliseconds(input);
      this.#dropOldestSound();
      done();
    } else if (this.#messages < this.#limits.messages) {
      this.#waiting.push({ input, done });
      this.#messages += 1;
    } else {
      done(
        new InputError(
          `Gemini Live: ${this.#limits.messages} messages already wait for the connection; this one was not taken. Send it again later.`,
        ),
      );
    }
  }

  /** Puts a message back in front: it is sent once more, before all that waits. */
  putBack(input: Input) {
    this.#waiting.unshift({ input, done: () => {}, silent: true });
    this.#messages += 1;
  }

  /** What is next to go out. */
  get first(): Input | undefined {
    return this.#waiting[0]?.input;
  }

  /** Takes all messages of a kind out, in order. */
  take(kind: Exclude<Input["kind"], "sound">): Waiting[] {
    const taken = this.#waiting.filter(({ input }) => input.kind === kind);
    this.#waiting = this.#waiting.filter(({ input }) => input.kind !== kind);
    this.#messages -= taken.length;
    return taken;
  }

  /** Takes the oldest out. */
  next(): Waiting | undefined {
    const first = this.#waiting.shift();
    if (first?.input.kind === "sound") this.#soundMs -= milliseconds(first.input);
    else if (first) this.#messages -= 1;
    return first;
  }

  /** Gives up all that waits: each message's `done` gets the error. Returns how many messages were told. */
  fail(error: Error): number {
    const given = this.#waiting.filter(({ silent }) => !silent);
    this.#waiting = [];
    this.#soundMs = 0;
    this.#messages = 0;
    for (const { done } of given) done(error);
    return given.length;
  }

  /** Milliseconds of sound that fell out since this was asked last. */
  takeLostSoundMs(): number {
    const lost = this.#lostSoundMs;
    this.#lostSoundMs = 0;
    return lost;
  }

  #dropOldestSound() {
    while (this.#soundMs > this.#limits.soundMs) {
      const oldest = this.#waiting.findIndex(({ input }) => input.kind === "sound");
      const [gone] = this.#waiting.splice(oldest, 1);
      if (gone?.input.kind !== "sound") break;
      this.#soundMs -= milliseconds(gone.input);
      this.#lostSoundMs += milliseconds(gone.input);
    }
  }
}

function milliseconds({ pcm, sampleRate }: { pcm: Buffer; sampleRate: number }) {
  return (pcm.length / 2 / sampleRate) * 1000;
}
