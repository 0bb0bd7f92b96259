// Reads WAV files from a stream of bytes that arrives in pieces of any size.

import { checkedFormat, type PcmFormat, SoundError } from "./formats";

/** A run of sound from a file: its bytes as they stand there (halves of samples too), and whether the file begins here. */
export interface WavPiece {
  format: PcmFormat;
  pcm: Buffer;
  begins: boolean;
}

/** Whether these bytes start with the header of a WAV file. Needs 12 of them to say yes. */
export function beginsWav(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WAVE";
}

interface State {
  /** Bytes of a header that is not complete yet. */
  held: Buffer;
  /** What the next bytes are. */
  at: "file" | "chunk" | "data" | "afterData";
  /** Bytes of a chunk still to be passed over. */
  skip: number;
  /** Bytes of the data chunk still to come, Infinity when the header does not know. */
  left: number;
  begins: boolean;
  format: PcmFormat | undefined;
}

const start: State = { held: Buffer.alloc(0), at: "file", skip: 0, left: 0, begins: true, format: undefined };

// Programs that write into a pipe do not know the length. They leave 0 or 0xFFFFFFFF (ffmpeg), or something just below
// 2 GiB (sox 0x7FFFF000, arecord 0x7FFFFF00).
const unknownLength = 0x7ffff000;
const largestFmt = 4096;

/**
 * The reader of one stream. Takes 16-bit PCM, plain or in an extensible header, in mono or stereo at the `sampleRates`;
 * everything else is a SoundError. What follows the sound is passed over, up to the header of another file.
 */
export class WavReader {
  #state = start;

  /** Takes the next bytes and returns the sound in them, as views. When it throws, these bytes count as never seen. */
  push(bytes: Buffer): WavPiece[] {
    const state = { ...this.#state };
    const pieces: WavPiece[] = [];
    // A message that begins like a file is one, even if the file before was cut off or did not know its length.
    if (beginsWav(bytes)) Object.assign(state, start);
    let rest = state.held.length > 0 ? Buffer.concat([state.held, bytes]) : bytes;
    for (let used: number | undefined; rest.length > 0; rest = rest.subarray(used)) {
      used = step(state, rest, pieces);
      if (used === undefined) break;
    }
    state.held = Buffer.from(rest);
    this.#state = state;
    return pieces;
  }

  /** The stream is over: ready for another one. Throws a SoundError when it ended before any sound. */
  end(): void {
    const { at, held } = this.#state;
    this.#state = start;
    if (at === "chunk" || (at === "file" && held.length > 0))
      throw new SoundError("The WAV stream ended inside its header. Send the whole file.");
  }
}

/** Reads one thing off the front of `rest`; returns how many bytes it took, undefined when it needs more of them. */
function step(state: State, rest: Buffer, pieces: WavPiece[]): number | undefined {
  if (state.skip > 0) {
    const used = Math.min(state.skip, rest.length);
    state.skip -= used;
    return used;
  }
  if (state.at === "data") {
    const pcm = rest.subarray(0, Math.min(state.left, rest.length));
    pieces.push({ format: state.format!, pcm, begins: state.begins });
    state.begins = false;
    state.left -= pcm.length;
    if (state.left === 0) state.at = "afterData";
    return pcm.length;
  }
  const id = rest.toString("latin1", 0, 4);
  if (state.at === "file" && !"RIFF".startsWith(id))
    throw new SoundError(`This is not a WAV file: it begins with ${JSON.stringify(id)} instead of "RIFF".`);
  if (state.at === "file" || (state.at === "afterData" && id === "RIFF")) {
    if (rest.length < 12) return undefined;
    if (beginsWav(rest)) {
      Object.assign(state, start, { at: "chunk" });
      return 12;
    }
    if (state.at === "file")
      throw new SoundError('This RIFF file is not a WAV file: it holds no "WAVE". Send 16-bit PCM WAV.');
  }
  if (rest.length < 8) return undefined;
  const size = rest.readUInt32LE(4);
  if (state.at === "chunk" && id === "fmt ") {
    if (size < 16 || size > largestFmt)
      throw new SoundError(`This WAV file is broken: its fmt chunk has ${size} bytes.`);
    if (rest.length < 8 + size) return undefined;
    state.format = readFormat(rest.subarray(8, 8 + size));
    state.skip = size & 1;
    return 8 + size;
  }
  if (state.at === "chunk" && id === "data") {
    if (!state.format)
      throw new SoundError("This WAV file is broken: its data chunk comes before its fmt chunk.");
    state.at = "data";
    state.left = size === 0 || size >= unknownLength ? Number.POSITIVE_INFINITY : size;
    return 8;
  }
  state.skip = size + (size & 1);
  return 8;
}

const formatNames = new Map([
  [2, "ADPCM"],
  [3, "floating point"],
  [6, "A-law"],
  [7, "mu-law"],
  [0x11, "ADPCM"],
  [0x55, "MP3"],
]);

// An extensible header names its format by a GUID: two bytes as in a plain header, then always these.
const guidTail = Buffer.from("000000001000800000aa00389b71", "hex");

function readFormat(fmt: Buffer): PcmFormat {
  const extensible = fmt.readUInt16LE(0) === 0xfffe;
  if (extensible && (fmt.length < 40 || !fmt.subarray(26, 40).equals(guidTail)))
    throw new SoundError("This WAV file's extensible header names no format that we know. Send 16-bit PCM.");
  const code = fmt.readUInt16LE(extensible ? 24 : 0);
  const bits = fmt.readUInt16LE(14);
  if (code !== 1 || bits !== 16) {
    const name = code === 1 ? "PCM" : (formatNames.get(code) ?? `format ${code}`);
    throw new SoundError(`This WAV file holds ${bits}-bit ${name}. Convert it to 16-bit PCM.`);
  }
  return checkedFormat(fmt.readUInt32LE(4), fmt.readUInt16LE(2), "This WAV file");
}
