// The TCP socket and the WebSocket of one connection: sends and receives text, and simulates network failures.

import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { refuseHandshake } from "../http/handshake";
import { closeReason } from "../protocol/refusals";

/** The close code of a connection that ended without a close frame (RFC 6455, 7.4.1). */
export const LOST = 1006;

/** The transport of one connection. */
export class Transport {
  readonly #tcp: Duplex;
  readonly #ended: (code: number) => void;
  #webSocket?: WebSocket;
  #frozen = false;

  /**
   * @param tcp the HTTP server's socket, before the handshake is answered
   * @param ended called when the connection has ended, with the client's close code; 1006: without a close frame
   */
  constructor(tcp: Duplex, ended: (code: number) => void) {
    this.#tcp = tcp;
    tcp.on("error", () => tcp.destroy());
    tcp.on("end", () => {
      if (!this.closing) ended(LOST);
      // An HTTP server's socket stays half open until it is ended.
      tcp.end();
    });
    tcp.once("close", () => this.#webSocket ?? ended(LOST));
    this.#ended = ended;
  }

  /** Switches to the WebSocket after the handshake. @param received called with the text of every frame */
  upgraded(webSocket: WebSocket, received: (text: string) => void) {
    this.#webSocket = webSocket;
    webSocket.on("message", (data: Buffer) => this.#frozen || received(data.toString()));
    webSocket.on("close", this.#ended);
    // An invalid frame: `ws` closes the connection itself.
    webSocket.on("error", () => {});
  }

  /** Whether the connection is frozen: nothing is read or sent. */
  get frozen() {
    return this.#frozen;
  }

  /** Whether either side has started to close. */
  get closing() {
    return this.#webSocket ? this.#webSocket.readyState !== this.#webSocket.OPEN : this.#tcp.destroyed;
  }

  /** Bytes that wait to be read by the client. */
  get unread() {
    return this.#webSocket?.bufferedAmount ?? 0;
  }

  /** Sends a binary frame, as the server does (docs/live-api.md 1.1). */
  send(text: string) {
    if (!this.#frozen) this.#webSocket?.send(Buffer.from(text));
  }

  /** Closes with a code and a reason of any length. */
  close(code: number, reason: string) {
    // A paused WebSocket would never read the client's close frame.
    this.#webSocket?.resume();
    this.#webSocket?.close(code, closeReason(reason));
  }

  /** Answers the handshake with an HTTP status. */
  refuse(status: number) {
    refuseHandshake(this.#tcp, status);
  }

  /** Cuts the TCP connection without a close frame. */
  cut() {
    this.#tcp.destroy();
  }

  /** Stops reading and sending. Incoming data is discarded, so that the end of the connection is still noticed. */
  freeze() {
    this.#frozen = true;
    this.#tcp
      .removeAllListeners("data")
      .on("data", () => {})
      .resume();
  }

  /** Stops reading until {@link resume}, so that the client's send buffer fills. */
  pause() {
    this.#webSocket?.pause();
  }

  /** Resumes reading. */
  resume() {
    if (!this.#frozen) this.#webSocket?.resume();
  }
}
