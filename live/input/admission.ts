// What may go into a conversation as it stands: some inputs mean nothing to it, some the server would end it over, and sound
// alone does not always open it.

import type { Clock } from "../../audio/clock";
import { InputError } from "../server/errors";
import { profileOf } from "../setup/model-profiles";
import type { ConversationSettings } from "../setup/setup";
import type { Input } from "./queue";

/** Milliseconds after a failure in which sound alone does not try again: sound comes fifty times a second. */
const SOUND_RETRY_MS = 5_000;
/** Milliseconds for which a conversation that was given up is worth remembering: as long as the server does (docs/live-api.md 1.7). */
const REMEMBER_MS = 2 * 60 * 60 * 1000;

export class Admission {
  readonly #settings: ConversationSettings;
  readonly #clock: Clock;
  /** Clock time from which sound may open the conversation; Infinity: only something else may. */
  #soundMayOpenAt = Number.NEGATIVE_INFINITY;
  /** Clock time until which a conversation that is not open is worth remembering. */
  #rememberUntil = Number.NEGATIVE_INFINITY;
  /** Why nothing more may be said in it. */
  spent: string | undefined;

  constructor(settings: ConversationSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Whether the conversation could go on, though it is not open. */
  get isRemembered() {
    return this.#clock.now() < this.#rememberUntil;
  }

  onOpen() {
    this.#soundMayOpenAt = Number.NEGATIVE_INFINITY;
  }

  /** It was ended from outside: sound alone does not begin another. */
  onDisconnect() {
    this.#soundMayOpenAt = Number.POSITIVE_INFINITY;
  }

  /** It could not be opened, or not again. @param remember whether it is worth going on with later */
  onGivenUp(permanent: boolean, remember: boolean) {
    const now = this.#clock.now();
    this.#soundMayOpenAt = permanent ? Number.POSITIVE_INFINITY : now + SOUND_RETRY_MS;
    if (remember) this.#rememberUntil = now + REMEMBER_MS;
  }

  /** The next conversation knows nothing of this one. */
  onEnd() {
    this.spent = undefined;
    this.#rememberUntil = Number.NEGATIVE_INFINITY;
  }

  /**
   * Takes an input, ignores it as it means nothing now, or refuses it with an error that says what to do.
   * @param isOpen whether there is a connection, or one is being made
   * @param hasBegun whether the server knows something of the conversation
   */
  judge(input: Input, isOpen: boolean, hasBegun: boolean): "take" | "ignore" | InputError {
    const { model, turnDetection } = this.#settings;
    const isSound = input.kind === "sound";
    const isSignal = input.kind === "signal";
    const soundMayOpen = this.#clock.now() >= this.#soundMayOpenAt;
    if (isSound && (this.spent || !(isOpen || soundMayOpen))) return "ignore";
    if (isSignal && (this.spent || !(isOpen || input.signal === "activityStart"))) return "ignore";
    if (isSignal && input.signal !== "audioStreamEnd" && turnDetection === "automatic")
      return new InputError(
        `"${input.signal}" is for turns that are given by hand: choose that in the session, or leave it out.`,
      );
    if (this.spent)
      return new InputError(`Gemini Live: ${this.spent}. Send "reset" to begin another conversation.`);
    if (input.kind === "history" && hasBegun && profileOf(model).history === "atStart")
      return new InputError(`${model} takes history only before a conversation begins: disconnect it first.`);
    return "take";
  }
}
