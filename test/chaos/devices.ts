// The devices of a chaos run: each says numbered texts and sound on its WebSocket, and listens for sound after its flush.

import { WebSocket } from "ws";
import { type Ledger, SOUND_NUMBERS } from "./ledger";

const SOUND_MS = 100;
const RECONNECT_MS = 200;

export class Device {
  readonly name: string;
  readonly #number: number;
  readonly #url: string;
  readonly #ledger: Ledger;
  readonly #random: (bound: number) => number;
  #socket: WebSocket | undefined;
  #timers = new Set<NodeJS.Timeout>();
  #texts = 0;
  #sounds = 0;
  #awaySince: number | undefined;
  /** Numbers of the newest answer that it has heard, and of the newest one that was flushed. */
  #heard = 0;
  #flushed = 0;
  /** Number of the newest text whose answer has begun. */
  answered = 0;
  frames = 0;

  /** @param url of Node-RED */
  constructor(number: number, url: string, ledger: Ledger, random: (bound: number) => number) {
    this.#number = number;
    this.name = `d${number}`;
    this.#url = `${url.replace("http", "ws")}/device`;
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Connects, and talks from then on. */
  start() {
    this.#connect();
    this.#talkOn();
    if (this.#number % 2) this.#every(SOUND_MS, () => this.#sound());
  }

  /** Says a text. Returns its number, or undefined while it is away. */
  say(what = "Hello."): number | undefined {
    const number = this.#texts + 1;
    const textId = `${this.name} t${number}`;
    if (!this.send({ payload: `[${textId}] ${what}`, textId })) return undefined;
    this.#texts = number;
    return number;
  }

  /** Sends the properties of a message. Returns whether it could. */
  send(message: object): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ session: this.name, ...message }));
    return true;
  }

  /** Cuts its own connection, and comes back. */
  drop() {
    this.#socket?.terminate();
  }

  /** Ends its conversation and leaves. */
  stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.send({ action: "disconnect" });
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #connect() {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.on("open", () => {
      if (this.#awaySince !== undefined)
        this.#ledger.pauses.push({ from: this.#awaySince, to: this.#ledger.now(), session: this.name });
      this.#awaySince = undefined;
    });
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.#hear(data.readInt16LE(0));
      else this.#note(JSON.parse(data.toString()));
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#awaySince ??= this.#ledger.now();
      if (this.#socket === socket) this.#after(RECONNECT_MS, () => this.#connect());
    });
  }

  #talkOn() {
    this.#after(1_000 + this.#random(4_000), () => {
      const texts = 1 + (this.#random(4) % 3);
      for (let n = 0; n < texts; n++) this.say(this.#random(4) ? "Hello." : "Please look it up.");
      this.#talkOn();
    });
  }

  /** Sound that says its number, and which device it is for the flow. */
  #sound() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#sounds = (this.#sounds % SOUND_NUMBERS) + 1;
    const sound = Buffer.from(new Int16Array(1 + 16 * SOUND_MS).fill(this.#sounds).buffer);
    sound.writeUInt16LE(this.#number, 0);
    this.#socket.send(sound);
  }

  #hear(answer: number) {
    this.frames += 1;
    if (answer <= this.#flushed)
      this.#ledger.broken.push(
        `${this.name} got sound of answer ${answer} after its flush (up to ${this.#flushed})`,
      );
    this.#heard = Math.max(this.#heard, answer);
  }

  #note({ event, upTo, role, payload }: { event?: string; upTo?: number; role?: string; payload: unknown }) {
    if (event === "flush") this.#flushed = Math.max(this.#flushed, upTo ?? this.#heard);
    if (role !== "model") return;
    for (const [, number] of String(payload).matchAll(/\[d\d+ t(\d+)\]/g))
      this.answered = Math.max(this.answered, Number(number));
  }

  #after(ms: number, run: () => void) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
  }

  #every(ms: number, run: () => void) {
    this.#after(ms, () => {
      run();
      this.#every(ms, run);
    });
  }
}
