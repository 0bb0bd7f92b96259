// Tells from the numbers of packets what was lost before one, and which ones come twice or too late.

import { crc32 } from "node:zlib";
import { maxLostMs } from "../formats";

/** Numbers count up to here and start again at 0, as those of RTP (RFC 3550, 5.1), or count on. */
const modulus = 65536;

const distance = (from: number, to: number) => (to - from) & (modulus - 1);

/** The order of one stream of packets. */
export class PacketOrder {
  #last: number | undefined;
  /** Of that packet. */
  #checksum = 0;
  /** The numbers that were missing last. */
  #gap = { start: 0, length: 0 };
  /** The last packet, if it was ignored because its number had come before. */
  #repeated: number | undefined;

  /**
   * Takes a packet, its number, an integer, and its sound in milliseconds, more than 0. Returns the milliseconds that were lost
   * before it, or undefined for a packet that comes twice, or was missing and now comes too late.
   */
  lostBefore(packet: Buffer, number: number, packetMs: number): number | undefined {
    const last = this.#last;
    const behind = last === undefined ? Number.POSITIVE_INFINITY : distance(number, last);
    const follows = this.#repeated !== undefined && distance(this.#repeated, number) === 1;
    this.#repeated = undefined;
    if (behind * packetMs <= maxLostMs) {
      const isMissing = distance(this.#gap.start, number) < this.#gap.length;
      if (!isMissing) this.#repeated = number;
      // A sender that has started anew: two in a row that are not missing, or another packet with the last number.
      const startsAnew = behind === 0 ? crc32(packet) !== this.#checksum : follows && !isMissing;
      if (!startsAnew) return undefined;
    }
    this.#last = number;
    this.#checksum = crc32(packet);
    const lost = last === undefined ? 0 : distance(last, number) - 1;
    // A number that is not ahead is that of such a sender, too.
    const isGap = lost > 0 && lost * packetMs <= maxLostMs;
    if (isGap) this.#gap = { start: last! + 1, length: lost };
    else if (lost > 0) this.#gap = { start: 0, length: 0 };
    return isGap ? lost * packetMs : 0;
  }

  /** Starts anew. */
  reset(): void {
    this.#last = undefined;
    this.#gap = { start: 0, length: 0 };
    this.#repeated = undefined;
  }
}
