// Reads WAV files from a stream of bytes in chunks of any size.

import { checkFormat, type Encoding, SoundError, type SoundFormat } from "../formats";

/** A piece of the sound of a file. */
export interface WavPiece {
  format: SoundFormat;
  /** May begin and end within a sample. */
  pcm: Buffer;
  /** The first piece of its file. */
  begins: boolean;
}

/** Whether these bytes (at least 12) start with the header of a WAV file. */
export function beginsWav(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WAVE";
}

interface State {
  /** Bytes of an incomplete header. */
  held: Buffer;
  /** What the next bytes are. */
  at: "file" | "chunk" | "data" | "afterData" | "end";
  /** Bytes of a chunk that are still to be skipped. */
  skip: number;
  /** Bytes of the file that are still to come, by its RIFF header; Infinity when the header does not say. */
  fileLeft: number;
  /** Bytes of the data chunk that are still to come; Infinity when its header does not say. */
  dataLeft: number;
  /** Bytes of padding after the data chunk. */
  padding: number;
  begins: boolean;
  format: SoundFormat | undefined;
}

const start: State = {
  held: Buffer.alloc(0),
  at: "file",
  skip: 0,
  fileLeft: 0,
  dataLeft: 0,
  padding: 0,
  begins: true,
  format: undefined,
};

// Programs that write into a pipe do not know the length. They write 0, 0xFFFFFFFF (ffmpeg), or a value just below 2 GiB
// (sox 0x7FFFF000, arecord 0x7FFFFF00).
const unknownLength = 0x7ffff000;
const lengthOf = (size: number) => (size === 0 || size >= unknownLength ? Number.POSITIVE_INFINITY : size);
const maxFmtBytes = 4096;

/** Files in the bytes of one push: each may have another format, for which a converter is made. */
const maxFiles = 1000;

/**
 * Reads one stream of WAV files. Takes PCM of 8 to 32 bits, floats, mu-law and A-law, with a plain or an extensible header, at
 * one of the `sampleRates`, and throws a SoundError for everything else. Skips the chunks that follow the sound.
 */
export class WavReader {
  #state = start;
  #rest: Buffer | undefined;

  /** The last bytes pushed that come after the end of the file and begin no other one; undefined within a file. */
  get rest(): Buffer | undefined {
    return this.#rest;
  }

  /** Takes the next bytes and returns the sound in them, as views. When it throws, it ignores these bytes. */
  push(bytes: Buffer): WavPiece[] {
    // A chunk that begins like a file is one, even if the file before is incomplete or has no length.
    const state = { ...(this.#rest || beginsWav(bytes) ? start : this.#state) };
    const pieces: WavPiece[] = [];
    let rest = state.held.length > 0 ? Buffer.concat([state.held, bytes]) : bytes;
    while (rest.length > 0) {
      const used = step(state, rest, pieces);
      if (used === undefined) break;
      if (pieces.length > maxFiles)
        throw new SoundError(
          `The payload has more than ${maxFiles} WAV files. Send them in several messages.`,
        );
      state.fileLeft -= used;
      rest = rest.subarray(used);
    }
    if (state.at === "afterData" && state.skip + rest.length === 0 && state.fileLeft <= 0) state.at = "end";
    this.#rest = state.at === "end" ? rest : undefined;
    state.held = this.#rest ? start.held : Buffer.from(rest);
    this.#state = state;
    return pieces;
  }

  /** Ends the stream, and starts anew. Throws a SoundError when the stream ended before any sound. */
  end(): void {
    const { at, held } = this.#state;
    this.#state = start;
    this.#rest = undefined;
    if (at === "chunk" || (at === "file" && held.length > 0))
      throw new SoundError("The WAV stream ended inside its header. Send the whole file.");
  }
}

/** Reads the next part at the start of `rest`. Returns its number of bytes; undefined when it is incomplete or the file has ended. */
function step(state: State, rest: Buffer, pieces: WavPiece[]): number | undefined {
  if (state.skip > 0) {
    const used = Math.min(state.skip, rest.length);
    state.skip -= used;
    return used;
  }
  if (state.at === "data") {
    const pcm = rest.subarray(0, Math.min(state.dataLeft, rest.length));
    pieces.push({ format: state.format!, pcm, begins: state.begins });
    state.begins = false;
    state.dataLeft -= pcm.length;
    if (state.dataLeft === 0) Object.assign(state, { at: "afterData", skip: state.padding });
    return pcm.length;
  }
  const id = rest.toString("latin1", 0, 4);
  if (state.at === "file" && !"RIFF".startsWith(id))
    throw new SoundError(`This is not a WAV file: it begins with ${JSON.stringify(id)} instead of "RIFF".`);
  if ("RIFF".startsWith(id) && (state.at === "file" || state.at === "afterData")) {
    if (rest.length < 12) return undefined;
    if (beginsWav(rest)) {
      Object.assign(state, start, { at: "chunk", fileLeft: 8 + lengthOf(rest.readUInt32LE(4)) });
      return 12;
    }
    if (state.at === "file")
      throw new SoundError('This RIFF file is not a WAV file: it holds no "WAVE". Send a WAV file.');
  }
  const size = rest.length < 8 ? 0 : rest.readUInt32LE(4);
  if (state.at === "afterData" && !isChunk(id, 8 + size, Math.max(state.fileLeft, rest.length))) {
    state.at = "end";
    return undefined;
  }
  if (rest.length < 8) return undefined;
  if (state.at === "chunk" && id === "fmt ") {
    if (size < 16 || size > maxFmtBytes)
      throw new SoundError(`This WAV file is broken: its fmt chunk has ${size} bytes.`);
    if (rest.length < 8 + size) return undefined;
    state.format = readFormat(rest.subarray(8, 8 + size));
    state.skip = size & 1;
    return 8 + size;
  }
  if (state.at === "chunk" && id === "data") {
    if (!state.format)
      throw new SoundError("This WAV file is broken: its data chunk comes before its fmt chunk.");
    Object.assign(state, { at: "data", dataLeft: lengthOf(size), padding: size & 1 });
    return 8;
  }
  state.skip = size + (size & 1);
  return 8;
}

/** Whether a chunk begins here rather than raw sound: its name is ASCII, and its length fits. */
function isChunk(id: string, bytes: number, available: number) {
  return /^[ -~]+$/.test(id) && bytes <= available;
}

/** The encodings by the code of their format and their bits. 8-bit PCM is unsigned in WAV files. */
const encodingOf: Record<string, Encoding> = {
  "1/8": "u8",
  "1/16": "s16le",
  "1/24": "s24le",
  "1/32": "s32le",
  "3/32": "f32le",
  "3/64": "f64le",
  "6/8": "alaw",
  "7/8": "mulaw",
};

const formatNames = new Map([
  [1, "PCM"],
  [2, "ADPCM"],
  [3, "floating point"],
  [0x11, "ADPCM"],
  [0x55, "MP3"],
]);

// An extensible header names its format with a GUID: the two bytes of a plain header, then always these.
const guidTail = Buffer.from("000000001000800000aa00389b71", "hex");

function readFormat(fmt: Buffer): SoundFormat {
  const extensible = fmt.readUInt16LE(0) === 0xfffe;
  if (extensible && (fmt.length < 40 || !fmt.subarray(26, 40).equals(guidTail)))
    throw new SoundError(
      "The extensible header of this WAV file names an unknown format. Convert it to 16-bit PCM.",
    );
  const code = fmt.readUInt16LE(extensible ? 24 : 0);
  const bits = fmt.readUInt16LE(14);
  const channels = fmt.readUInt16LE(2);
  // Some programs write integers so, others floats, and the header does not say which.
  if (code === 1 && bits === 24 && fmt.readUInt16LE(12) === 4 * channels)
    throw new SoundError(
      "This WAV file holds 24-bit PCM in 4 bytes per sample, which programs read in different ways. Convert it to 16-bit PCM.",
    );
  const encoding = encodingOf[`${code}/${bits}`];
  if (!encoding)
    throw new SoundError(
      `This WAV file holds ${bits}-bit ${formatNames.get(code) ?? `format ${code}`}. Convert it to 16-bit PCM.`,
    );
  const format = { encoding, sampleRate: fmt.readUInt32LE(4), channels };
  checkFormat(format, "This WAV file");
  return format;
}
