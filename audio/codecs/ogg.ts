// Reads the Opus packets of an Ogg stream (RFC 7845) in chunks of any size.

import { defaultFormat, maxLostMs, maxPayloadBytes, SoundError } from "../formats";
import { sampleBytes } from "../frames";
import { CONTINUED, FIRST, findPage, headerBytes, LAST, maxDamagedPages, maxPageBytes } from "./ogg-pages";
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
  /** What its sound is to be amplified by, in 1/256 dB (RFC 7845, 5.1). */
  gain: number;
}

interface State {
  /** Bytes of an incomplete page. */
  held: Buffer;
  /** The segments of an incomplete packet. */
  parts: Buffer[];
  /** What the next packet is; "joined": sound, if this is Opus. */
  next: "head" | "tags" | "sound" | "joined";
  skip: number;
  begins: boolean;
  gain: number;
  /** Of the stream that is read; undefined: none. */
  serial: number | undefined;
  /** Of the last page. */
  number: number;
  /** Samples at 48 kHz up to the end of the last page; undefined in a stream that was joined before its first page. */
  position: number | undefined;
  /** The packets of a joined stream until it proves to be Opus. */
  waiting: OggPacket[];
  /** Pages whose position says that it is not. */
  doubts: number;
  /** Bytes since the last page that belong to none. */
  skipped: number;
  problem: keyof typeof problems | undefined;
}

/** Part of the stream cannot be read, or all of it. */
const problems = {
  damaged:
    "The Ogg stream is damaged. What cannot be read is skipped and filled in. Send all its bytes in their order, over a connection that loses none.",
  "no pages":
    "The sound is not Ogg Opus: it has no Ogg page whose checksum fits. Send Ogg Opus, or choose the right format.",
};

const start: State = {
  held: Buffer.alloc(0),
  parts: [],
  next: "head",
  skip: 0,
  begins: true,
  gain: 0,
  serial: undefined,
  number: -1,
  position: 0,
  waiting: [],
  doubts: 0,
  skipped: 0,
  problem: undefined,
};

/** Samples in a millisecond at 48 kHz. */
const perMs = 48;
/** The most sound that one push may yield, in milliseconds: Opus packs hours into a megabyte. */
const maxSoundMs = (1000 * maxPayloadBytes) / (defaultFormat.sampleRate * sampleBytes);
/** The position of a page on which no packet ends. */
const NO_POSITION = -1n;
// A packet of sound has at most 120 ms, in which libopus never fills this.
const maxPacketBytes = 64 * 1024;
/** What is not played of a stream that was joined in its middle, while the decoder adapts: 80 ms at 48 kHz (RFC 7845, 4.6). */
const joinSkip = 3840;
/** Sound may be missing between the pages of a joined stream, but not before each of them. */
const maxDoubts = 3;

/**
 * Reads one stream of Ogg Opus files, one after the other, from its beginning or from its middle. Skips damaged bytes up to the next page
 * whose checksum fits.
 */
export class OggReader {
  #state = start;

  /** What is wrong with the stream, although it is read as far as possible. */
  get problem(): SoundError | undefined {
    const { problem } = this.#state;
    return problem && new SoundError(problems[problem]);
  }

  /** Notes that a packet is damaged. */
  noteDamage(): void {
    this.#state = { ...this.#state, problem: "damaged" };
  }

  /** Takes the next bytes and returns the packets that they complete. Throws a SoundError for other codecs and for too much sound, and then ignores these bytes. */
  push(bytes: Buffer): OggPacket[] {
    const state = { ...this.#state, parts: [...this.#state.parts] };
    const packets: OggPacket[] = [];
    let samples = 0;
    let damaged = 0;
    let rest = state.held.length > 0 ? Buffer.concat([state.held, bytes]) : bytes;
    for (;;) {
      const found = findPage(rest);
      state.skipped += found.skipped;
      damaged += found.damaged;
      if (damaged > maxDamagedPages)
        throw new SoundError(
          `The payload has more than ${maxDamagedPages} damaged Ogg pages. Send Ogg Opus, or choose the right format.`,
        );
      // What comes before the first page may be the end of one, in a stream that was joined.
      if (damaged > 0 || (state.skipped > 0 && state.serial !== undefined)) state.problem = "damaged";
      rest = found.rest;
      if (!found.page) break;
      state.skipped = 0;
      const before = packets.length;
      readPage(state, found.page, packets);
      for (const packet of packets.slice(before)) samples += samplesOf(packet) + packet.lost;
      if (samples > maxSoundMs * perMs)
        throw new SoundError(
          `The payload has more than ${Math.floor(maxSoundMs / 60_000)} minutes of Opus. Send it in pieces.`,
        );
    }
    if (state.skipped > maxPageBytes) state.problem ??= "no pages";
    state.held = Buffer.from(rest);
    this.#state = state;
    return packets;
  }

  /** Throws a SoundError when there was no page in the stream, and `problem` does not say so. */
  end(): void {
    const { problem, skipped, held, number } = this.#state;
    if (!problem && number < 0 && skipped + held.length > 0) throw new SoundError(problems["no pages"]);
  }
}

function readPage(state: State, page: Buffer, packets: OggPacket[]) {
  const flags = page[5]!;
  const serial = page.readUInt32LE(14);
  const number = page.readUInt32LE(18);
  const { problem } = state;
  if (flags & FIRST) Object.assign(state, start, { parts: [], serial, problem });
  else if (state.serial === undefined) {
    Object.assign(state, start, { next: "joined", position: undefined, parts: [], serial, problem });
  }
  // Another logical stream beside this one.
  else if (serial !== state.serial) return;
  // A lost page: what was begun cannot be completed.
  const follows = number === (state.number + 1) >>> 0;
  if (!follows) state.parts = [];
  state.number = number;
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
  if (state.next === "joined") packets.push(...join(state, page, packets.splice(firstOfPage), follows));
  if (state.next === "sound") place(state, page, packets.slice(firstOfPage));
  const begun = state.parts.reduce((sum, part) => sum + part.length, 0);
  // Copied, because the sender may reuse its Buffer.
  state.parts = begun > maxPacketBytes ? [] : state.parts.map((part) => Buffer.from(part));
  if (flags & LAST) state.serial = undefined;
}

const samplesOf = ({ packet }: OggPacket) => packetMs(packet) * perMs;
const samplesIn = (packets: OggPacket[]) => packets.reduce((sum, packet) => sum + samplesOf(packet), 0);

/**
 * Takes the packets of a page of a joined stream, and returns those that are known to be sound: as soon as the positions of two pages say
 * that what is between them is as long as its packets are by Opus.
 */
function join(state: State, page: Buffer, packets: OggPacket[], follows: boolean): OggPacket[] {
  const granule = page.readBigInt64LE(6);
  if (!follows) Object.assign(state, { waiting: [], position: undefined });
  if (granule === NO_POSITION) return [];
  const before = state.position;
  const extra = (before ?? 0) + samplesIn(packets) - Number(granule);
  const isCut = page[5]! & LAST && extra > 0 && extra < samplesIn(packets);
  if (before !== undefined && packets.length > 0 && (extra === 0 || isCut)) {
    state.next = "sound";
    state.position = before - samplesIn(state.waiting);
    const [first, ...more] = [...state.waiting, ...packets];
    return [{ ...first!, skip: joinSkip, begins: true }, ...more];
  }
  if (before !== undefined && packets.length > 0 && ++state.doubts >= maxDoubts)
    throw new SoundError(
      "The Ogg stream was joined in its middle, and does not look like Opus sound. Send it from its beginning, as Ogg Opus.",
    );
  state.waiting = packets;
  state.position = Number(granule);
  return [];
}

/** Finds out by the position of a page what was lost before its packets, and what is to be cut from their end. */
function place(state: State, page: Buffer, packets: OggPacket[]) {
  const granule = page.readBigInt64LE(6);
  if (granule === NO_POSITION) return;
  const position = Number(granule);
  const before = state.position ?? 0;
  const extra = before + samplesIn(packets) - position;
  // What begins in the middle, as a recording of a radio station does, has lost nothing.
  if (packets[0] && !packets[0].begins && extra < 0 && -extra <= maxLostMs * perMs) packets[0].lost = -extra;
  let left = page[5]! & LAST && position >= before ? Math.max(0, extra) : 0;
  for (const packet of packets.reverse()) {
    packet.trim = Math.min(left, samplesOf(packet));
    left -= packet.trim;
  }
  state.position = position;
}

const nameOf = (packet: Buffer) => packet.toString("latin1", 0, 8);

function takePacket(state: State, packet: Buffer, packets: OggPacket[]) {
  if (state.next === "head") {
    if (nameOf(packet) !== "OpusHead" || packet.length < 19)
      throw new SoundError("The Ogg stream holds no Opus sound. Send Ogg Opus, or convert it to WAV first.");
    const [streams, channels] = [packet[18] === 0 ? 1 : packet[19], packet[9]];
    if (streams !== 1)
      throw new SoundError(`The Ogg Opus stream has ${channels} channels. Send mono or stereo sound.`);
    state.skip = packet.readUInt16LE(10);
    state.gain = packet.readInt16LE(16);
    state.next = "tags";
    return;
  }
  // The tags may be damaged, and then sound comes next.
  if (state.next === "tags") state.next = "sound";
  if (nameOf(packet) === "OpusTags") return;
  packets.push({ packet, skip: state.skip, trim: 0, lost: 0, begins: state.begins, gain: state.gain });
  state.skip = 0;
  state.begins = false;
}
