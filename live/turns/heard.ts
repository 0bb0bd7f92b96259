// Estimates how much of an answer the user has heard when it is interrupted: by the clock, as the server does, and by the positions of
// the pieces of the transcript among the sound.

import type { Clock } from "../../audio/clock";

interface Piece {
  text: string;
  /** Milliseconds of sound that had come before it: where its words begin. */
  atMs: number;
}

export class HeardText {
  readonly #clock: Clock;
  #pieces: Piece[] = [];
  #soundMs = 0;
  /** `#soundMs` before the current frame, because a frame may have a piece and its sound. */
  #frameMs = 0;
  /** Clock time at which the sound that has come is played. */
  #playedAt = Number.NEGATIVE_INFINITY;
  /** What was heard of the interrupted answers of this turn; undefined: none was interrupted. */
  #heard: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A frame of an answer has come. */
  beginFrame() {
    this.#frameMs = this.#soundMs;
  }

  /** Milliseconds of sound have come. They play at once, or after what came before. */
  onSound(ms: number) {
    this.#playedAt = Math.max(this.#playedAt, this.#clock.now()) + ms;
    this.#soundMs += ms;
  }

  /** A piece of the transcript has come. */
  onText(text: string) {
    // The words of the first piece begin with the sound, also when the sound has come first.
    this.#pieces.push({ text, atMs: this.#pieces.length ? this.#frameMs : 0 });
  }

  /** The answer is interrupted: the rest of its sound is not played. */
  interrupt() {
    const unheardMs = Math.max(0, this.#playedAt - this.#clock.now());
    this.#heard = (this.#heard ?? "") + this.#playedBy(this.#soundMs - unheardMs);
    this.#restart();
  }

  /** Ends the turn. Returns what was heard of its text; undefined: it was not interrupted. */
  end(): string | undefined {
    // An answer that followed an interruption in the same turn was heard. Without sound, it is only the late transcript of the old one.
    const rest = this.#soundMs > 0 ? this.#pieces.map(({ text }) => text).join("") : "";
    const heard = this.#heard === undefined ? undefined : (this.#heard + rest).trim();
    this.#heard = undefined;
    this.#restart();
    return heard;
  }

  #restart() {
    this.#pieces = [];
    this.#soundMs = 0;
    this.#frameMs = 0;
    this.#playedAt = Number.NEGATIVE_INFINITY;
  }

  /** The text that is spoken in the first `ms` milliseconds of the sound. */
  #playedBy(ms: number): string {
    let played = "";
    for (let i = 0; i < this.#pieces.length; ) {
      const from = this.#pieces[i]!.atMs;
      // Pieces that came without sound between them share the sound that follows them.
      const next = this.#pieces.findIndex(({ atMs }, at) => at > i && atMs > from);
      const end = next < 0 ? this.#pieces.length : next;
      const to = next < 0 ? this.#soundMs : this.#pieces[next]!.atMs;
      const text = this.#pieces
        .slice(i, end)
        .map(({ text }) => text)
        .join("");
      if (ms < to || from >= to)
        return ms > from ? played + wordsOf(text, (ms - from) / (to - from)) : played;
      played += text;
      i = end;
    }
    return played;
  }
}

/** The whole words in the first `part` (0 to 1) of a text. */
function wordsOf(text: string, part: number): string {
  const end = Math.floor(text.length * Math.min(1, part));
  // A word that goes on is not heard. Scripts without blanks are cut between characters.
  if (end >= text.length || !/\s/.test(text)) return text.slice(0, end);
  const cut = text.slice(0, end + 1).search(/\s\S*$/);
  return cut < 0 ? "" : text.slice(0, cut);
}
