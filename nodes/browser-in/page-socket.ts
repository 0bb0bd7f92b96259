// One socket of a page: its limits, and the conversion of its messages to those of the flow.

import type { RawData, WebSocket } from "ws";
import type { Clock } from "../../audio/clock";
import type { CloseCode, PageMessage } from "../../browser/protocol";
import type { FlowMessage } from "../flow/messages";
import { Allowance } from "./allowance";
import { readPageMessage } from "./incoming";
import { Outbox } from "./outbox";

/** A message to the flow, without the `_session` of its page. */
export type FromPage = Omit<FlowMessage, "_session" | "_msgid"> & { language?: string };

type Start = Extract<PageMessage, { type: "start" }>;

export interface PageListener {
  /** The first message of the page has come. May close the socket. */
  started(start: Start, outbox: Outbox): void;
  sent(msg: FromPage): void;
  /** Whether a text with this id has not come before. */
  isNew(id: string): boolean;
  /** The socket has closed, or will be: nothing more comes from it. */
  closed(outbox: Outbox): void;
}

/** Milliseconds of sound that may arrive at once, after the network has stalled. */
const SOUND_BURST_MS = 30_000;
/** What a frame counts at least, in milliseconds: each costs the flow a message. */
const MIN_FRAME_MS = 1;
/** The clocks of the page's sound card and of this machine may differ. */
const SOUND_RATE = 1.05;
const MESSAGE_BURST = 60;
const MESSAGES_PER_MS = 0.02;
/** Milliseconds between two signs of life that a socket has to give. */
const HEARTBEAT_MS = 15_000;
/** Milliseconds until a new socket has to send its first message. */
const START_MS = 10_000;

export class PageSocket {
  readonly #socket: WebSocket;
  readonly #listener: PageListener;
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #sound: Allowance;
  readonly #messages: Allowance;
  /** The latest; undefined until the first message. */
  #start: Start | undefined;
  /** What the page has begun for the flow and not ended yet. */
  #open: { activity: boolean; sound: boolean } = { activity: false, sound: false };
  #alive = true;
  #ended = false;
  #cancel: () => void;

  constructor(socket: WebSocket, clock: Clock, listener: PageListener) {
    this.#socket = socket;
    this.#listener = listener;
    this.#clock = clock;
    this.#outbox = new Outbox(socket);
    this.#sound = new Allowance(clock, SOUND_BURST_MS, SOUND_RATE);
    this.#messages = new Allowance(clock, MESSAGE_BURST, MESSAGES_PER_MS);
    this.#cancel = clock.after(START_MS, () => this.close(4003));
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("pong", () => {
      this.#alive = true;
    });
    // After an error the socket closes.
    socket.on("error", () => {});
    socket.on("close", () => this.#end());
  }

  /** What the page sends from now on is ignored. */
  close(code: CloseCode) {
    this.#end();
    this.#socket.close(code);
    // A page that does not answer the close is not waited for.
    this.#cancel = this.#clock.after(START_MS, () => this.#socket.terminate());
  }

  #receive(data: RawData, isBinary: boolean) {
    if (this.#ended) return;
    // On a slow network the ping waits behind the sound for the page.
    this.#alive = true;
    const accepted = isBinary ? this.#receiveSound(data as Buffer) : this.#receiveMessage(data.toString());
    if (!accepted) this.close(4003);
  }

  /** @returns false when no page of ours sends that */
  #receiveSound(pcm: Buffer): boolean {
    const rate = this.#start?.rate;
    if (!rate || pcm.length === 0 || pcm.length % 2) return false;
    if (!this.#sound.take(Math.max(MIN_FRAME_MS, pcm.length / 2 / (rate / 1_000)))) return false;
    this.#open.sound = true;
    this.#listener.sent({ payload: pcm, mimeType: `audio/pcm;rate=${rate}` });
    return true;
  }

  /** @returns false when no page of ours sends that */
  #receiveMessage(text: string): boolean {
    const message = readPageMessage(text);
    if (!message || !this.#messages.take(1)) return false;
    if (message.type === "ping") this.#outbox.push('{"type":"pong"}');
    else if (message.type === "start") this.#begin(message);
    else if (!this.#start) return false;
    else if (message.type === "text" && message.id !== undefined && !this.#listener.isNew(message.id))
      return true;
    else this.#listener.sent(this.#toFlow(message, this.#start));
    return true;
  }

  #begin(start: Start) {
    const isFirst = !this.#start;
    this.#start = start;
    if (!isFirst) return;
    this.#listener.started(start, this.#outbox);
    if (this.#ended) return;
    this.#cancel();
    this.#beat();
  }

  #toFlow(message: Exclude<PageMessage, { type: "start" | "ping" }>, { language }: Start): FromPage {
    switch (message.type) {
      case "text":
        return { payload: message.text, mimeType: "text/plain" };
      case "picture":
        return { payload: Buffer.from(message.data, "base64"), mimeType: "image/jpeg" };
      case "played":
        return { event: "played", turn: message.turn };
      case "action": {
        const { action } = message;
        if (action === "activityStart" || action === "activityEnd")
          this.#open = { activity: action === "activityStart", sound: false };
        if (action === "audioStreamEnd") this.#open.sound = false;
        return { action, ...(action === "connect" && language && { language }) };
      }
    }
  }

  /** Ends a socket whose page no longer answers pings. */
  readonly #beat = () => {
    if (!this.#alive) return this.#socket.terminate();
    this.#alive = false;
    this.#socket.ping();
    this.#cancel = this.#clock.after(HEARTBEAT_MS, this.#beat);
  };

  /** Ends for the flow what the page has begun, once. */
  #end() {
    this.#cancel();
    if (this.#ended) return;
    this.#ended = true;
    if (this.#open.activity) this.#listener.sent({ action: "activityEnd" });
    else if (this.#open.sound) this.#listener.sent({ action: "audioStreamEnd" });
    this.#listener.closed(this.#outbox);
  }
}
