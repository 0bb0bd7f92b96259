// The way of the sound to one device: its playback, the frames that leave, and the events about them.

import type { Packer } from "../../audio/output/packer";
import type { Pacer } from "../../audio/pacer";
import { Playback, type PlaybackOptions } from "../../audio/playback";
import type { FlowMessage, Identity } from "../flow/messages";

type Carried = FlowMessage & Identity;

/** What an event reports; `turn` counts from 1 and is undefined where the sound has none. */
export interface LineEvent {
  event: "flush" | "turnComplete" | "playing" | "played" | "underrun";
  turn: unknown;
  details: Record<string, unknown>;
}

export interface LineOptions {
  pacer: Pacer;
  playback: PlaybackOptions;
  packer: Packer;
  /** Receives the frames of a message, which has `turn` and `seq`. */
  onFrame(msg: FlowMessage): void;
  /** Receives the events, with the message to which they belong. */
  onEvent(event: LineEvent, msg: Carried): void;
}

/** One turn that is played. */
interface Turn {
  /** The first message of its sound, without it: the frames carry its properties. */
  msg: Carried;
  /** Of the last frame: 1 for the first one of a turn. */
  seq: number;
  /** The device plays it. */
  hasBegun: boolean;
}

export class Line {
  readonly #options: LineOptions;
  readonly #playback: Playback;
  /** The turn whose sound is pushed; undefined after its end. */
  #pushed: Turn | undefined;
  /** The turn whose frames leave. */
  #current: Turn | undefined;
  /** The turn that the flow has stopped: the rest of its sound is dropped until the session confirms that. */
  #stopped: unknown;
  /** The turn was interrupted, and is not complete. */
  #interrupted = false;
  /** What was reported of the last interruption. */
  #flushed: { turn: unknown; details: Record<string, unknown>; seq: number } | undefined;
  /** The end of the generation was seen. */
  #generated = false;

  constructor(options: LineOptions) {
    this.#options = options;
    const { pacer, playback } = options;
    const onUnderrun = (ms: number) => this.#report("underrun", { ms: Math.round(ms) });
    this.#playback = new Playback(pacer, { ...playback, onUnderrun }, (frame) => this.#send(frame));
  }

  /** As Playback.isPlaying. */
  get isPlaying() {
    return this.#playback.isPlaying;
  }

  /** Plays mono PCM16 of `sampleRate` Hz. Throws a SoundError for sound that is refused. */
  play(msg: Carried, pcm: Buffer, sampleRate: number) {
    if (this.#stopped !== undefined && msg.turn === this.#stopped) return;
    if (!this.#pushed || this.#pushed.msg.turn !== msg.turn) {
      this.#endGeneration();
      const { payload: _sound, ...carried } = msg;
      const turn: Turn = { msg: carried, seq: this.#seqOf(msg.turn), hasBegun: false };
      this.#playback.mark(() => {
        this.#current = turn;
        this.#playback.beginTurn();
      });
      this.#pushed = turn;
      this.#generated = false;
    }
    this.#interrupted = false;
    this.#playback.push(pcm, sampleRate);
  }

  /** The model has generated the whole answer. */
  generationComplete() {
    this.#playback.end();
    this.#endGeneration();
  }

  /** The turn is over: reports that when its sound has left. */
  turnComplete(msg: Carried) {
    const interrupted = this.#interrupted;
    this.#interrupted = false;
    this.#stopped = undefined;
    if (!this.#generated) this.#endGeneration();
    this.#pushed = undefined;
    this.#playback.mark((dropped) => {
      // `playback` tells it apart from the event of the live session, which comes when the model has ended the turn.
      const details = { playback: true, ...((interrupted || dropped) && { interrupted: true }) };
      this.#options.onEvent({ event: "turnComplete", turn: msg.turn, details }, msg);
    });
  }

  /** Drops all sound. @param byFlow the flow has stopped the answer: what the session still sends of it is dropped as well */
  interrupt(msg: Carried, byFlow: boolean) {
    const turn = (this.#playback.isPlaying ? this.#current : this.#pushed)?.msg.turn ?? msg.turn;
    const heardMs = Math.round(this.#playback.heardMs);
    const unheardMs = Math.round(this.#playback.unheardMs);
    this.#stopped = byFlow ? this.#pushed?.msg.turn : undefined;
    this.#interrupted = true;
    // The session reports the interruption that an interrupt node has already made.
    const again = heardMs + unheardMs === 0 && this.#flushed?.turn === turn ? this.#flushed : undefined;
    const seq = this.#current && this.#current.msg.turn === turn ? this.#current.seq : 0;
    this.#flushed = again ?? { turn, seq, details: { seq, heardMs, unheardMs } };
    this.#options.onEvent({ event: "flush", turn, details: this.#flushed.details }, msg);
    this.#pushed = undefined;
    this.#current = undefined;
    this.#playback.flush();
  }

  /**
   * Drops everything and frees the native memory. Reports first that what plays is flushed, or that a turn without an end has been
   * played: nothing else would.
   */
  free() {
    const turn = this.isPlaying ? (this.#current ?? this.#pushed) : undefined;
    this.#endGeneration();
    if (turn) this.interrupt(turn.msg, false);
    this.#playback.free();
    this.#options.packer.free();
  }

  /** The frames of an answer that follows an interruption in the same turn continue its numbers. */
  #seqOf(turn: unknown) {
    return this.#flushed && this.#flushed.turn === turn ? this.#flushed.seq : 0;
  }

  /** Reports `played` when the device has played the turn. */
  #endGeneration() {
    const turn = this.#pushed;
    if (!turn || this.#generated) return;
    this.#generated = true;
    this.#playback.mark((dropped) => {
      if (dropped || !turn.hasBegun) return;
      this.#playback.whenPlayed(() =>
        this.#report("played", { heardMs: Math.round(this.#playback.heardMs) }, turn),
      );
    });
  }

  #send(frame: Buffer) {
    const { packer, onFrame } = this.#options;
    const turn = this.#current!;
    const { mimeType } = packer;
    if (!turn.hasBegun) {
      turn.hasBegun = true;
      this.#report("playing", {});
      if (packer.header) onFrame({ ...turn.msg, payload: packer.header, mimeType, seq: turn.seq });
    }
    turn.seq += 1;
    // Node.js 20 spreads an object into a larger one ten times as slowly.
    onFrame(Object.assign({}, turn.msg, { payload: packer.pack(frame), mimeType, seq: turn.seq }));
  }

  #report(event: LineEvent["event"], details: Record<string, unknown>, turn = this.#current) {
    if (turn) this.#options.onEvent({ event, turn: turn.msg.turn, details }, turn.msg);
  }
}
