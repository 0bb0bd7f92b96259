// Turn detection on one connection: finds speech in the user's audio, automatically (VAD) or manually between the
// client's activityStart and activityEnd.

import { InputResampler } from "../input/input-audio";
import { SpeechDetector, type SpeechListener } from "../input/speech-detection";
import type { SetupMessage } from "../protocol/message-schema";
import { duration } from "../protocol/proto-json";
import { explicitActivity, invalidArgument } from "../protocol/refusals";
import type { Session } from "../session/session";

/** voiceActivity gives its audioOffset in multiples of this, as measured (docs/live-api.md 1.3). */
const OFFSET_STEP_MS = 40;

/** A voiceActivity frame. @param offsetMs the position in the audio stream at which the server decided */
export const voiceActivity = (type: "ACTIVITY_START" | "ACTIVITY_END", offsetMs: number) => ({
  serverContent: {},
  voiceActivity: { type, audioOffset: duration(offsetMs - (offsetMs % OFFSET_STEP_MS)) },
});

/** Turn detection on one connection. */
export class TurnDetection {
  /** Whether turn detection is automatic. */
  readonly automatic: boolean;
  readonly #session: Session;
  readonly #detector: SpeechDetector;
  readonly #resampler = new InputResampler();
  #received = false;

  /** @param listenerFor makes what handles the speech: the user's turn, a transcription or a translation */
  constructor(
    setup: SetupMessage,
    session: Session,
    listenerFor: (detection: TurnDetection) => SpeechListener,
  ) {
    const { automaticActivityDetection = {} } = setup.realtimeInputConfig ?? {};
    this.#session = session;
    this.automatic = !automaticActivityDetection.disabled;
    this.#detector = new SpeechDetector(automaticActivityDetection, listenerFor(this), session.heard);
  }

  /** Whether the user is speaking. */
  get speaking() {
    return this.#detector.speaking;
  }

  /** Whether any audio has arrived. */
  get received() {
    return this.#received;
  }

  /** The length of the audio stream so far, in ms. It continues after a resume. */
  get heardMs() {
    return this.#detector.heardMs;
  }

  /** Processes audio. @param pcm PCM16 LE mono at `rate` Hz */
  hear(pcm: Buffer, rate: number) {
    this.#received ||= pcm.length > 0;
    this.#detector.hear(this.#resampler.convert(pcm, rate));
  }

  /** The client's activityStart. @throws Refusal with automatic turn detection */
  startActivity() {
    if (this.automatic) throw explicitActivity();
    this.#detector.begin();
  }

  /** The client's activityEnd. @throws Refusal with automatic turn detection, or without activityStart */
  endActivity() {
    if (this.automatic) throw explicitActivity();
    if (!this.#detector.speaking) throw invalidArgument();
    this.#detector.end();
  }

  /** The client's audioStreamEnd. @throws Refusal with manual turn detection */
  endAudioStream() {
    if (!this.automatic) throw invalidArgument();
    this.#detector.hear(this.#resampler.flush());
    this.#detector.end();
  }

  /** Saves the position in the audio stream for a resume. */
  end() {
    this.#session.heard = this.#detector.heard;
    this.#resampler.free();
  }
}
