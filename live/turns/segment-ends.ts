// Ends the turns of models that send no turnComplete: transcribe-live at the end of a segment of speech, live-translate after a silence
// of both sides (docs/live-api.md 1.5).

import type { Clock } from "../../audio/clock";
import type { HistoryTurn } from "../input/input";
import { SilenceTimer } from "./silence-timer";

export interface SegmentListener {
  /** One side has finished. */
  endSide(role: HistoryTurn["role"]): void;
  /** The turn is over. */
  complete(reason: string | undefined): void;
}

/** Milliseconds after the end of speech within which transcribe-live sends the transcript: 0.56 s were measured (docs/live-api.md 1.5). */
const TRANSCRIPT_MS = 1_000;

export class SegmentEnds {
  readonly #kind: "segment" | "silence";
  readonly #listener: SegmentListener;
  readonly #sides: Record<HistoryTurn["role"], SilenceTimer>;
  readonly #transcript: SilenceTimer;
  /** The segment's transcript has come. */
  #isTranscribed = false;

  /** @param silenceMs milliseconds of silence after which a side has finished */
  constructor(kind: "segment" | "silence", clock: Clock, silenceMs: number, listener: SegmentListener) {
    this.#kind = kind;
    this.#listener = listener;
    const side = (role: HistoryTurn["role"]) => new SilenceTimer(clock, silenceMs, () => this.#endSide(role));
    this.#sides = { user: side("user"), model: side("model") };
    this.#transcript = new SilenceTimer(clock, TRANSCRIPT_MS, () => listener.complete("SILENCE"));
  }

  /** A side has said something. */
  onText(role: HistoryTurn["role"]) {
    if (this.#kind === "silence") this.#sides[role].restart();
  }

  /** The server says that the transcript of a side is complete. */
  onFinished(role: HistoryTurn["role"]) {
    if (!this.#sides[role].isRunning) return;
    this.#sides[role].cancel();
    this.#endSide(role);
  }

  /** The user starts or stops speaking. Returns whether a transcript or an answer is still to come. */
  onSpeech(speaking: boolean): boolean {
    if (this.#kind === "silence") return false;
    if (speaking) {
      this.#isTranscribed = false;
      this.#transcript.cancel();
    } else if (!this.#isTranscribed) this.#transcript.restart();
    return !this.#isTranscribed;
  }

  onGenerationComplete() {
    if (this.#kind !== "segment") return;
    this.#isTranscribed = true;
    this.#transcript.cancel();
    this.#listener.complete(undefined);
  }

  /** The connection is lost. */
  cancel() {
    for (const timer of [this.#sides.user, this.#sides.model, this.#transcript]) timer.cancel();
  }

  #endSide(role: HistoryTurn["role"]) {
    this.#listener.endSide(role);
    if (!this.#sides.user.isRunning && !this.#sides.model.isRunning) this.#listener.complete("SILENCE");
  }
}
