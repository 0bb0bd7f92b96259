// Decides when the user's turn in a conversation starts and when it is over. Sends voiceActivity and the input
// transcription.

import { MAX_UTTERANCE, type SpeechListener, type Utterance } from "../input/speech-detection";
import { transcriptOf } from "../output/echo";
import { noVoices } from "../protocol/refusals";
import type { Range } from "../protocol/variation";
import type { Session } from "../session/session";
import { audioTokens } from "../session/token-count";
import type { Host } from "./model-turn";
import { type TurnDetection, voiceActivity } from "./turn-detection";
import type { TurnTaking } from "./turn-taking";

/**
 * From the end of the user's turn to the answer, in ms; measured on gemini-3.8-live: 1.2 to 1.3 s after speech, of which
 * 800 ms are silence that ends the turn (docs/live-api.md 1.5).
 */
export const THINKING_MS: Range = { least: 400, usual: 400, most: 500 };

/** The user's side of a conversation, on one connection. */
export class UserTurn implements SpeechListener {
  readonly #detection: TurnDetection;
  readonly #session: Session;
  readonly #host: Host;
  readonly #turns: TurnTaking;
  readonly #transcribe: boolean;
  /** Whether ACTIVITY_START was sent, and ACTIVITY_END not yet. */
  #active = false;
  /** Seconds of speech that the next input transcription covers. */
  #untranscribed = 0;
  #cancelEnd = () => {};

  /** @param turns receives the barge-ins, the inputs and the ends of turns @param transcribe whether input transcription is on */
  constructor(
    detection: TurnDetection,
    session: Session,
    host: Host,
    turns: TurnTaking,
    transcribe: boolean,
  ) {
    this.#detection = detection;
    this.#session = session;
    this.#host = host;
    this.#turns = turns;
    this.#transcribe = transcribe;
  }

  speechStarted() {
    this.#cancelEnd();
    // Speech after a short pause continues the same turn.
    if (!this.#active) this.#host.happened("userSpeaking");
    if (this.#detection.automatic && !this.#active) {
      this.#active = true;
      this.#host.send(voiceActivity("ACTIVITY_START", this.#detection.heardMs));
    }
    this.#turns.bargeIn(this.#detection.automatic);
  }

  /** @throws Refusal for an activity on a connection without audio */
  speechEnded({ pcm, start, end }: Utterance) {
    if (!pcm.length && !this.#detection.received) throw noVoices();
    const length = end - start;
    if (pcm.length) {
      this.#untranscribed += length;
      const text = transcriptOf(length);
      this.#session.memory.add({ role: "user", modality: "AUDIO", text, tokens: audioTokens(length) });
      this.#turns.ask({ speech: pcm, seconds: length });
    }
    // A user who never stops is answered at once, or else the echo would grow without limit. The detector counts some
    // silence around the speech, hence the second less.
    const delay =
      this.#turns.unansweredSeconds >= MAX_UTTERANCE - 1 ? 0 : this.#host.variation.between(THINKING_MS);
    // In audio that arrived faster than real time, the turn ends where it would have ended in real time.
    const endMs = this.#detection.heardMs + delay;
    this.#cancelEnd = this.#host.clock.after(delay, () =>
      this.#sendEnd(Math.min(endMs, this.#detection.heardMs)),
    );
    this.#turns.answerIn(delay);
  }

  #sendEnd(offsetMs: number) {
    if (this.#transcribe && this.#untranscribed > 0)
      this.#host.send({ serverContent: { inputTranscription: { text: transcriptOf(this.#untranscribed) } } });
    this.#untranscribed = 0;
    if (this.#active) this.#host.send(voiceActivity("ACTIVITY_END", offsetMs));
    this.#active = false;
  }
}
