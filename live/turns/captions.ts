// The texts of both sides: reports them in pieces and as a whole, with their language, and keeps the history.

import type { Transcription } from "@google/genai";
import type { Clock } from "../../audio/clock";
import type { HistoryTurn } from "../input/input";
import type { StateStore } from "../state/store";
import { HeardText } from "./heard";
import { History } from "./history";
import type { TranscriptDetails, TurnEvent } from "./turn-events";

type Role = HistoryTurn["role"];

export class Captions {
  readonly #state: StateStore;
  readonly #emit: (event: TurnEvent) => void;
  readonly #history = new History();
  readonly #heard: HeardText;
  readonly #language: Partial<Record<Role, string>> = {};

  constructor(state: StateStore, clock: Clock, emit: (event: TurnEvent) => void) {
    this.#state = state;
    this.#heard = new HeardText(clock);
    this.#emit = emit;
  }

  /** What was said so far, the oldest first. */
  get history(): readonly HistoryTurn[] {
    return this.#history.turns;
  }

  /** Adds a turn to the history that is not spoken in this turn. */
  keep(turn: HistoryTurn) {
    this.#history.keep(turn);
  }

  /** A frame of an answer has come, whose sound and text follow. */
  beginFrame() {
    this.#heard.beginFrame();
  }

  /** Milliseconds of an answer's sound have come. */
  onSound(ms: number) {
    this.#heard.onSound(ms);
  }

  /** The answer is interrupted: only what was played by now was heard. */
  interrupt() {
    this.#heard.interrupt();
  }

  /** Adds a fragment of a transcript. Returns false if it has no text; it may have the language alone (docs/live-api.md 1.3). */
  transcribe(role: Role, transcription: Transcription | undefined, isFinal = false): boolean {
    this.#noteLanguage(role, transcription);
    if (!transcription?.text) return false;
    const details = detailsOf(transcription);
    const hasRoom = this.#history.add(role, transcription.text);
    if (role === "model") this.#heard.onText(transcription.text);
    if (!isFinal) this.#report(role, transcription.text, { final: false, ...details });
    // A turn that the server never ends must not grow without a limit.
    if (isFinal) this.end(role, details);
    else if (!hasRoom) this.end(role);
    return true;
  }

  /** Reports an interim transcript, which the next one replaces. */
  interim(transcription: Transcription) {
    this.#noteLanguage("user", transcription);
    const { text = "" } = transcription;
    this.#report("user", text, { final: false, interim: true, ...detailsOf(transcription) });
  }

  /** Adds a text that the model writes instead of speaking. */
  write(text: string) {
    this.transcribe("model", { text });
  }

  /** Reports a thought of the model, which is not part of its answer. */
  think(text: string) {
    this.#report("model", text, { final: false, thought: true });
  }

  /** Reports the whole text of what one side has said in the turn, and returns it. The history keeps what was heard of it. */
  end(role: Role, details: { details?: TranscriptDetails } = {}): string {
    const heard = role === "model" ? this.#heard.end() : undefined;
    const text = this.#history.end(role, heard);
    if (text) this.#report(role, text, { final: true, ...(heard !== undefined && { heard }), ...details });
    return text;
  }

  #noteLanguage(role: Role, transcription: Transcription | undefined) {
    if (transcription?.languageCode) this.#language[role] = transcription.languageCode;
  }

  #report(
    role: Role,
    text: string,
    marks: {
      final: boolean;
      interim?: true;
      thought?: boolean;
      heard?: string;
      details?: TranscriptDetails;
    },
  ) {
    const { turn } = this.#state.current;
    const language = this.#language[role];
    this.#emit({ type: "text", role, text, thought: false, turn, language, ...marks });
  }
}

function detailsOf({ speakerLabel, startOffset, endOffset, words }: Transcription) {
  const details = { speakerLabel, startOffset, endOffset, words };
  const present = Object.entries(details).filter(([, value]) => value !== undefined);
  return present.length ? { details: Object.fromEntries(present) as TranscriptDetails } : {};
}
