// Tells from the numbers of packets what was lost before one, and which ones come too late.

import { maxLostMs } from "../formats";

/** Numbers count up to here and start again at 0, as those of RTP (RFC 3550, 5.1), or count on. */
const modulus = 65536;

const distance = (from: number, to: number) => (to - from) & (modulus - 1);

/** The order of one stream of packets. */
export class PacketOrder {
  #last: number | undefined;
  /** The numbers that were missing last. */
  #gap = { start: 0, length: 0 };

  /**
   * Takes the number of a packet, an integer, and its sound in milliseconds, more than 0. Returns the milliseconds that were lost
   * before it, or undefined for a packet that was missing and now comes too late.
   */
  lostBefore(number: number, packetMs: number): number | undefined {
    if (distance(this.#gap.start, number) < this.#gap.length) return undefined;
    const lost = this.#last === undefined ? 0 : distance(this.#last, number) - 1;
    const isGap = lost > 0 && lost * packetMs <= maxLostMs;
    // A number that is not ahead is that of a sender that has started anew.
    if (isGap) this.#gap = { start: this.#last! + 1, length: lost };
    // In the end the same numbers come again.
    else if (lost !== 0 || distance(this.#gap.start, number) > modulus / 2)
      this.#gap = { start: 0, length: 0 };
    this.#last = number;
    return isGap ? lost * packetMs : 0;
  }

  /** Starts anew. */
  reset(): void {
    this.#last = undefined;
    this.#gap = { start: 0, length: 0 };
  }
}
