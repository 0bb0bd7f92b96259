// Holds sound until it is played. Its length adapts to the network; it plays every sample once, in order.

/** How much sound waits before a turn starts to play, in milliseconds: at first, at least, at most. */
const START_MS = 80;
const MIN_MS = 40;
const MAX_MS = 500;
/** Added to a delay that the buffer did not cover. */
const MARGIN_MS = 20;
/** Sound that comes later than this after the buffer ran empty is no late sound of a stream, but a new sentence. */
const PAUSE_MS = 1000;
/** Sound that waits plays after this time without more sound, although the buffer is not full. */
const FILL_TIMEOUT_MS = 300;
/** The buffer gets shorter after this time without late sound, by this step. */
const CALM_MS = 5000;
const STEP_MS = 10;
/** Fades out what is interrupted, so that it does not click. */
const FADE_MS = 5;

interface Chunk {
  samples: Int16Array;
  turn: number | undefined;
}

export class JitterBuffer {
  readonly #onPlayed: (turn: number) => void;
  /** Samples in a millisecond. */
  readonly #perMs: number;
  #chunks: Chunk[] = [];
  /** Samples of the first chunk that were played. */
  #read = 0;
  #queued = 0;
  #target: number;
  #filling = true;
  /** Samples since the last sound came while the buffer fills, or since it ran empty. */
  #waited = 0;
  /** Samples played since sound came late, or since the buffer became shorter. */
  #calm = 0;
  /** The turn of the last sound that was played. */
  #turn: number | undefined;
  /** Turns that are complete but not played. */
  readonly #ended = new Set<number>();
  /** The last turn that was played or flushed. */
  #done: number | undefined;
  #fade = new Float32Array();

  /** @param rate of the sound, in Hz. @param onPlayed is called once for each turn that was played to its end */
  constructor(rate: number, onPlayed: (turn: number) => void) {
    this.#perMs = rate / 1000;
    this.#target = START_MS * this.#perMs;
    this.#onPlayed = onPlayed;
  }

  /** How much sound must wait before a turn starts to play, in milliseconds. */
  get targetMs(): number {
    return this.#target / this.#perMs;
  }

  /** Sound is being played. */
  get playing(): boolean {
    return !this.#filling;
  }

  /** Queues mono PCM16 of a turn. */
  push(samples: Int16Array, turn?: number): void {
    if (!samples.length) return;
    const late = this.#waited / this.#perMs;
    if (!this.#queued && turn === this.#turn && late > 0 && late < PAUSE_MS) {
      this.#target = Math.min(MAX_MS, Math.max(this.targetMs, late) + MARGIN_MS) * this.#perMs;
      this.#calm = 0;
    }
    this.#chunks.push({ samples, turn });
    this.#queued += samples.length;
    this.#waited = 0;
  }

  /** The turn is complete: what waits of it plays at once. */
  end(turn: number): void {
    if (turn === this.#done) return;
    this.#ended.add(turn);
    if (!this.#chunks.some((chunk) => chunk.turn === turn)) this.#finish(turn);
  }

  /** Drops everything that was not played. */
  flush(): void {
    if (!this.#filling) {
      const length = Math.min(this.#queued, Math.round(FADE_MS * this.#perMs));
      const fade = new Float32Array(length);
      this.#take(fade, 0);
      this.#fade = fade.map((sample, i) => sample * (1 - i / length));
    }
    this.#done = this.#chunks.at(-1)?.turn ?? this.#turn;
    this.#chunks = [];
    this.#queued = this.#read = 0;
    this.#ended.clear();
    this.#empty(undefined);
  }

  /** Fills `output` with what is to be played now: samples of -1 to 1, silence where there is no sound. */
  read(output: Float32Array): void {
    output.fill(0);
    if (this.#fade.length) {
      output.set(this.#fade.subarray(0, output.length));
      this.#fade = this.#fade.slice(output.length);
      return;
    }
    if (this.#filling && !this.#full) {
      this.#waited += output.length;
      return;
    }
    this.#filling = false;
    this.#take(output, 0);
    this.#calm += output.length;
    if (this.#calm < CALM_MS * this.#perMs) return;
    this.#calm = 0;
    this.#target = Math.max(MIN_MS, this.targetMs - STEP_MS) * this.#perMs;
  }

  get #full() {
    if (!this.#queued) return false;
    const { turn } = this.#chunks[0]!;
    return (
      this.#queued >= this.#target ||
      (turn !== undefined && this.#ended.has(turn)) ||
      this.#waited >= FILL_TIMEOUT_MS * this.#perMs
    );
  }

  /** Moves sound to `output`, from `at` on, until it is full or the buffer is empty. */
  #take(output: Float32Array, at: number) {
    for (let to = at; to < output.length; to++) {
      const chunk = this.#chunks[0];
      if (!chunk) return;
      output[to] = chunk.samples[this.#read++]! / 32768;
      this.#queued--;
      this.#turn = chunk.turn;
      if (this.#read < chunk.samples.length) continue;
      this.#chunks.shift();
      this.#read = 0;
      const { turn } = chunk;
      const complete = turn !== undefined && this.#ended.has(turn);
      if (!this.#queued) this.#empty(complete ? undefined : turn);
      if (complete && this.#chunks[0]?.turn !== turn) this.#finish(turn);
    }
  }

  /** Nothing is left to play. @param turn whose sound is expected to go on */
  #empty(turn: number | undefined) {
    this.#filling = true;
    this.#waited = 0;
    this.#turn = turn;
  }

  #finish(turn: number) {
    this.#ended.delete(turn);
    this.#done = turn;
    this.#onPlayed(turn);
  }
}
