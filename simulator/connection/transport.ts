// The wire of one connection, from its handshake on: what is sent, and what can go wrong with it.

import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { refuseHandshake } from "../http/handshake";
import { closeReason } from "../protocol/refusals";

/** The server's end of the wire. */
export class Transport {
  readonly #tcp: Duplex;
  readonly #ended: (abrupt: boolean) => void;
  #webSocket?: WebSocket;
  #frozen = false;

  /**
   * @param tcp as the HTTP server hands it over, before the handshake was answered
   * @param ended called when the connection is over; `abrupt`: no close frame came
   */
  constructor(tcp: Duplex, ended: (abrupt: boolean) => void) {
    this.#tcp = tcp;
    tcp.on("error", () => tcp.destroy());
    tcp.on("end", () => {
      if (!this.closing) ended(true);
      // The sockets of HTTP servers stay half open by themselves.
      tcp.end();
    });
    tcp.once("close", () => this.#webSocket ?? ended(true));
    this.#ended = ended;
  }

  /** The handshake is done. @param received takes every frame, as text */
  upgraded(webSocket: WebSocket, received: (text: string) => void) {
    this.#webSocket = webSocket;
    webSocket.on("message", (data: Buffer) => this.#frozen || received(data.toString()));
    webSocket.on("close", (code) => this.#ended(code === 1006));
    // A broken frame: `ws` closes the connection by itself.
    webSocket.on("error", () => {});
  }

  /** Whether nothing passes any more, in either direction. */
  get frozen() {
    return this.#frozen;
  }

  /** Whether either side has begun to close. */
  get closing() {
    return this.#webSocket ? this.#webSocket.readyState !== this.#webSocket.OPEN : this.#tcp.destroyed;
  }

  /** Bytes that the client has not taken yet. */
  get unread() {
    return this.#webSocket?.bufferedAmount ?? 0;
  }

  /** Frames are binary, as measured (docs/live-api.md 1.1). */
  send(text: string) {
    if (!this.#frozen) this.#webSocket?.send(Buffer.from(text));
  }

  /** @param reason of any length */
  close(code: number, reason: string) {
    // Or the client's close frame would never be read.
    this.#webSocket?.resume();
    this.#webSocket?.close(code, closeReason(reason));
  }

  /** Answers the handshake with a status of HTTP. */
  refuse(status: number) {
    refuseHandshake(this.#tcp, status);
  }

  /** No close frame, nothing: the connection is gone. */
  cut() {
    this.#tcp.destroy();
  }

  /** Whatever comes is thrown away unread; that the client leaves is still noticed. */
  freeze() {
    this.#frozen = true;
    this.#tcp
      .removeAllListeners("data")
      .on("data", () => {})
      .resume();
  }

  /** Reads nothing before {@link resume}, so that what the client sends piles up. */
  pause() {
    this.#webSocket?.pause();
  }

  /** Reads again. */
  resume() {
    if (!this.#frozen) this.#webSocket?.resume();
  }
}
