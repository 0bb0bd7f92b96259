// Reads the Opus packets of an Ogg stream (RFC 3533, RFC 7845) in chunks of any size.

import { defaultFormat, maxLostMs, maxPayloadBytes, SoundError } from "../formats";
import { sampleBytes } from "../frames";
import { packetMs } from "./opus";

/** One packet of sound. */
export interface OggPacket {
  packet: Buffer;
  /** Samples at 48 kHz that are not to be played, from its start; they may reach into the next packets (RFC 7845, 4.2). */
  skip: number;
  /** Samples at 48 kHz that are not to be played, from its end: the last page says how much sound it holds (RFC 7845, 4.4). */
  trim: number;
  /** Samples at 48 kHz that were lost before it and are to be filled in, by the positions of the pages (RFC 7845, 4.1). */
  lost: number;
  /** The first packet of its stream. */
  begins: boolean;
}

interface State {
  /** Bytes of an incomplete page. */
  held: Buffer;
  /** The segments of an incomplete packet. */
  parts: Buffer[];
  /** What the next packet is. */
  next: "head" | "tags" | "sound";
  skip: number;
  begins: boolean;
  serial: number;
  /** Samples at 48 kHz up to the end of the last page. */
  position: number;
}

const start: State = {
  held: Buffer.alloc(0),
  parts: [],
  next: "head",
  skip: 0,
  begins: true,
  serial: 0,
  position: 0,
};

const headerBytes = 27;
/** Samples in a millisecond at 48 kHz. */
const perMs = 48;
/** The most sound that one push may yield, in milliseconds: Opus packs hours into a megabyte. */
const maxSoundMs = (1000 * maxPayloadBytes) / (defaultFormat.sampleRate * sampleBytes);
/** Flags of a page. */
const CONTINUED = 1;
const FIRST = 2;
const LAST = 4;
/** The position of a page on which no packet ends. */
const NO_POSITION = -1n;
// A packet of sound has at most 120 ms, in which libopus never fills this.
const maxPacketBytes = 64 * 1024;

/** Whether these bytes may be the start of an Ogg page. */
export function beginsOgg(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 4) === "OggS";
}

/** Whether these bytes are the start of an Ogg stream. */
export function beginsOggStream(bytes: Buffer): boolean {
  return beginsOgg(bytes) && Boolean(bytes[5]! & FIRST);
}

/** Reads one stream of Ogg Opus files, one after the other. Skips damaged bytes up to the next page. */
export class OggReader {
  #state = start;

  /** Takes the next bytes and returns the packets that they complete. Throws a SoundError for other codecs and for too much sound, and then ignores these bytes. */
  push(bytes: Buffer): OggPacket[] {
    const state = { ...this.#state, parts: [...this.#state.parts] };
    const packets: OggPacket[] = [];
    let samples = 0;
    let rest = state.held.length > 0 ? Buffer.concat([state.held, bytes]) : bytes;
    for (;;) {
      const at = rest.indexOf("OggS", 0, "latin1");
      // The end may be the start of the next page's name.
      if (at !== 0) rest = rest.subarray(at < 0 ? Math.max(0, rest.length - 3) : at);
      const length = pageLength(rest);
      if (length === undefined) break;
      const before = packets.length;
      readPage(state, rest.subarray(0, length), packets);
      for (const packet of packets.slice(before)) samples += samplesOf(packet) + packet.lost;
      if (samples > maxSoundMs * perMs)
        throw new SoundError(
          `The payload has more than ${Math.floor(maxSoundMs / 60_000)} minutes of Opus. Send it in pieces.`,
        );
      rest = rest.subarray(length);
    }
    state.held = Buffer.from(rest);
    this.#state = state;
    return packets;
  }

  /** Starts anew. */
  reset(): void {
    this.#state = start;
  }
}

/** The length of the page at the start of `bytes`; undefined when it is incomplete. */
function pageLength(bytes: Buffer): number | undefined {
  if (bytes.length < headerBytes || bytes.length < headerBytes + bytes[26]!) return undefined;
  const table = bytes.subarray(headerBytes, headerBytes + bytes[26]!);
  const length = table.reduce((sum, segment) => sum + segment, headerBytes + table.length);
  return length <= bytes.length ? length : undefined;
}

function readPage(state: State, page: Buffer, packets: OggPacket[]) {
  const flags = page[5]!;
  const serial = page.readUInt32LE(14);
  if (flags & FIRST) Object.assign(state, start, { parts: [], serial });
  // Another logical stream beside this one.
  else if (serial !== state.serial) return;
  // A lost page: what was begun cannot be completed.
  const firstOfPage = packets.length;
  const isTorn = Boolean(flags & CONTINUED) !== state.parts.length > 0;
  const skipsFirst = isTorn && Boolean(flags & CONTINUED);
  if (isTorn) state.parts = [];
  let at = headerBytes + page[26]!;
  let skipping = skipsFirst;
  for (const size of page.subarray(headerBytes, headerBytes + page[26]!)) {
    if (!skipping) state.parts.push(page.subarray(at, at + size));
    at += size;
    if (size === 255) continue;
    if (!skipping) takePacket(state, Buffer.concat(state.parts), packets);
    state.parts = [];
    skipping = false;
  }
  if (state.next === "sound") place(state, page, packets.slice(firstOfPage));
  const begun = state.parts.reduce((sum, part) => sum + part.length, 0);
  // Copied, because the sender may reuse its Buffer.
  state.parts = begun > maxPacketBytes ? [] : state.parts.map((part) => Buffer.from(part));
}

const samplesOf = ({ packet }: OggPacket) => packetMs(packet) * perMs;

/** Finds out by the position of a page what was lost before its packets, and what is to be cut from their end. */
function place(state: State, page: Buffer, packets: OggPacket[]) {
  const granule = page.readBigInt64LE(6);
  if (granule === NO_POSITION) return;
  const position = Number(granule);
  const length = packets.reduce((sum, packet) => sum + samplesOf(packet), 0);
  const extra = state.position + length - position;
  // What begins in the middle, as a recording of a radio station does, has lost nothing.
  if (packets[0] && !packets[0].begins && extra < 0 && -extra <= maxLostMs * perMs) packets[0].lost = -extra;
  let left = page[5]! & LAST && position >= state.position ? Math.max(0, extra) : 0;
  for (const packet of packets.reverse()) {
    packet.trim = Math.min(left, samplesOf(packet));
    left -= packet.trim;
  }
  state.position = position;
}

function takePacket(state: State, packet: Buffer, packets: OggPacket[]) {
  if (state.next === "head") {
    if (packet.toString("latin1", 0, 8) !== "OpusHead" || packet.length < 19)
      throw new SoundError("The Ogg stream holds no Opus sound. Send Ogg Opus, or convert it to WAV first.");
    state.skip = packet.readUInt16LE(10);
    state.next = "tags";
  } else if (state.next === "tags") state.next = "sound";
  else {
    packets.push({ packet, skip: state.skip, trim: 0, lost: 0, begins: state.begins });
    state.skip = 0;
    state.begins = false;
  }
}
