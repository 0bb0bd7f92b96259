// What a page has not received yet. A page on a slow network gets its sound late, and then loses the oldest.

/** The part of a WebSocket that is used here. */
export interface Sink {
  readonly bufferedAmount: number;
  send(data: string | Buffer, written: (error?: Error) => void): void;
  terminate(): void;
}

/** Bytes that the socket itself may hold; more waits here, where it can still be dropped. */
const IN_SOCKET_BYTES = 65_536;
/** Bytes of sound that wait: 87 s at 24 kHz. */
export const MAX_SOUND_BYTES = 4 * 1024 * 1024;
/** Characters of messages that wait. A page that is this far behind is disconnected. */
export const MAX_TEXT_LENGTH = 1024 * 1024;

export class Outbox {
  readonly #socket: Sink;
  /** In order. Buffers are sound, strings are messages. */
  #waiting: (string | Buffer)[] = [];
  #soundBytes = 0;
  #textLength = 0;

  constructor(socket: Sink) {
    this.#socket = socket;
  }

  push(data: string | Buffer) {
    this.#waiting.push(data);
    this.#count(data, 1);
    while (this.#soundBytes > MAX_SOUND_BYTES) {
      const [oldest] = this.#waiting.splice(this.#waiting.findIndex(Buffer.isBuffer), 1);
      this.#count(oldest!, -1);
    }
    if (this.#textLength > MAX_TEXT_LENGTH) return this.#socket.terminate();
    this.#send();
  }

  /** Drops the sound that waits. */
  dropSound() {
    this.#waiting = this.#waiting.filter((data) => !Buffer.isBuffer(data));
    this.#soundBytes = 0;
  }

  readonly #send = () => {
    while (this.#waiting.length && this.#socket.bufferedAmount < IN_SOCKET_BYTES) {
      const data = this.#waiting.shift()!;
      this.#count(data, -1);
      // After an error the socket emits close.
      this.#socket.send(data, (error) => error || this.#send());
    }
  };

  #count(data: string | Buffer, sign: 1 | -1) {
    if (typeof data === "string") this.#textLength += sign * data.length;
    else this.#soundBytes += sign * data.length;
  }
}
