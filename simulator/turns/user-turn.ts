// Decides when the user's turn starts and when it is over: by automatic turn detection (VAD), or by the client's
// activityStart and activityEnd. Sends voiceActivity and the input transcription.

import { InputResampler } from "../input/input-audio";
import { MAX_UTTERANCE, SpeechDetector, type Utterance } from "../input/speech-detection";
import { transcriptOf } from "../output/echo";
import type { Setup } from "../protocol/client-messages";
import { duration } from "../protocol/proto-json";
import { explicitActivity, invalidArgument, noVoices } from "../protocol/refusals";
import type { Session } from "../session/session";
import { audioTokens } from "../session/token-count";
import type { Host } from "./model-turn";
import type { TurnTaking } from "./turn-taking";

/** From the end of the user's turn to the answer, in ms; measured on gemini-3.8-live (docs/live-api.md 1.5). */
const THINKING_MS = 400;

/** voiceActivity gives its audioOffset in multiples of this, as measured (docs/live-api.md 1.3). */
const OFFSET_STEP_MS = 40;

/** The user's side of one connection. */
export class UserTurn {
  readonly #session: Session;
  readonly #host: Host;
  readonly #turns: TurnTaking;
  readonly #detector: SpeechDetector;
  readonly #resampler = new InputResampler();
  readonly #automatic: boolean;
  readonly #interrupts: boolean;
  readonly #transcribe: boolean;
  #receivedAudio = false;
  /** Whether ACTIVITY_START was sent, and ACTIVITY_END not yet. */
  #active = false;
  /** Seconds of speech that the next input transcription covers. */
  #untranscribed = 0;
  #cancelEnd = () => {};

  /** @param turns receives the barge-ins, the inputs and the ends of turns */
  constructor(setup: Setup, session: Session, host: Host, turns: TurnTaking) {
    const { automaticActivityDetection = {}, activityHandling } = setup.realtimeInputConfig ?? {};
    this.#session = session;
    this.#host = host;
    this.#turns = turns;
    this.#automatic = !automaticActivityDetection.disabled;
    this.#interrupts = activityHandling !== "NO_INTERRUPTION";
    this.#transcribe = setup.inputAudioTranscription !== undefined;
    const listener = {
      speechStarted: () => this.#speechStarted(),
      speechEnded: (utterance: Utterance) => this.#speechEnded(utterance),
    };
    this.#detector = new SpeechDetector(automaticActivityDetection, listener, session.heard);
  }

  /** Whether the user is speaking. */
  get speaking() {
    return this.#detector.speaking;
  }

  /** Processes audio. @param pcm PCM16 LE mono at `rate` Hz */
  hear(pcm: Buffer, rate: number) {
    this.#receivedAudio ||= pcm.length > 0;
    this.#detector.hear(this.#resampler.convert(pcm, rate));
  }

  /** The client's activityStart. @throws Refusal with automatic turn detection */
  startActivity() {
    if (this.#automatic) throw explicitActivity();
    this.#detector.begin();
  }

  /** The client's activityEnd. @throws Refusal with automatic turn detection, without audio, or without activityStart */
  endActivity() {
    if (this.#automatic) throw explicitActivity();
    if (!this.#receivedAudio) throw noVoices();
    if (!this.#detector.speaking) throw invalidArgument();
    this.#detector.end();
  }

  /** The client's audioStreamEnd. @throws Refusal with manual turn detection */
  endAudioStream() {
    if (!this.#automatic) throw invalidArgument();
    this.#detector.hear(this.#resampler.flush());
    this.#detector.end();
  }

  /** A real-time text has arrived. It barges in like speech, unless barge-in is off. */
  textStarted() {
    if (this.#interrupts) this.#turns.bargeInByText(true);
  }

  /** A text is complete. With manual turn detection, the turn lasts until activityEnd nevertheless. */
  textEnded() {
    if (this.#automatic || !this.#detector.speaking) this.#turns.answerIn(THINKING_MS);
  }

  /** Saves the position in the audio stream for a resume. */
  end() {
    this.#session.heard = this.#detector.heard;
    this.#resampler.free();
  }

  #speechStarted() {
    this.#cancelEnd();
    // Speech after a short pause continues the same turn.
    if (!this.#active) this.#host.happened("userSpeaking");
    if (this.#automatic && !this.#active) {
      this.#active = true;
      this.#sendActivity("ACTIVITY_START", this.#detector.heardMs);
    }
    this.#turns.bargeIn(this.#interrupts, this.#automatic);
  }

  #speechEnded({ pcm, start, end }: Utterance) {
    const length = end - start;
    if (pcm.length) {
      this.#untranscribed += length;
      const text = transcriptOf(length);
      this.#session.memory.add({ role: "user", modality: "AUDIO", text, tokens: audioTokens(length) });
      this.#turns.ask({ speech: pcm, seconds: length });
    }
    // A user who never stops is answered at once, or else the echo would grow without limit. The detector counts some
    // silence around the speech, hence the second less.
    const delay = this.#turns.unansweredSeconds >= MAX_UTTERANCE - 1 ? 0 : THINKING_MS;
    // In audio that arrived faster than real time, the turn ends where it would have ended in real time.
    const endMs = this.#detector.heardMs + delay;
    this.#cancelEnd = this.#host.clock.after(delay, () =>
      this.#sendEnd(Math.min(endMs, this.#detector.heardMs)),
    );
    this.#turns.answerIn(delay);
  }

  #sendEnd(offsetMs: number) {
    if (this.#transcribe && this.#untranscribed > 0)
      this.#host.send({ serverContent: { inputTranscription: { text: transcriptOf(this.#untranscribed) } } });
    this.#untranscribed = 0;
    if (this.#active) this.#sendActivity("ACTIVITY_END", offsetMs);
    this.#active = false;
  }

  /** @param offsetMs the position in the audio stream at which the server decided */
  #sendActivity(type: string, offsetMs: number) {
    const audioOffset = duration(offsetMs - (offsetMs % OFFSET_STEP_MS));
    this.#host.send({ serverContent: {}, voiceActivity: { type, audioOffset } });
  }
}
