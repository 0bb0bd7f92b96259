// Tells by their first bytes which files are not supported: played as raw sound, they would be loud noise.

import { beginsOggStream } from "../codecs/ogg-pages";
import { beginsWav } from "../codecs/wav";

/** The first bytes of a file, or those behind its first four, and its name. */
const signatures: [at: number, bytes: string, name: string][] = [
  [0, "fLaC", "FLAC"],
  [0, "ID3", "MP3"],
  [0, "\x1aE\xdf\xa3", "WebM"],
  [4, "ftyp", "MP4"],
  [0, "FORM", "AIFF"],
  [0, ".snd", "AU"],
  [0, "caff", "CAF"],
  [0, "RIFX", "big-endian WAV"],
  [0, "RF64", "RF64 WAV"],
  [0, "riff\x2e\x91", "W64"],
  [0, "#!AMR", "AMR"],
  [0, "0&\xb2u", "WMA"],
];
const signatureBytes = 8;

/** The name of the unsupported file that begins with these bytes; false: none does; undefined: more bytes will tell. */
export function unsupportedFile(bytes: Buffer): string | false | undefined {
  const head = bytes.toString("latin1", 0, signatureBytes);
  const found = signatures.find(([at, start]) => head.startsWith(start, at));
  if (found) return found[2];
  if (bytes.length < signatureBytes) return undefined;
  for (const [name, lengthOf] of [["MP3", mp3FrameBytes] as const, ["AAC", aacFrameBytes] as const]) {
    const length = lengthOf(bytes);
    if (length === 0) continue;
    // A sample may look like a header, but not two of them at this distance.
    const next = bytes.subarray(length);
    if (next.length < signatureBytes) return undefined;
    if (next[0] === bytes[0] && next[1] === bytes[1] && lengthOf(next) > 0) return name;
  }
  return false;
}

/** Whether these bytes are the start of a file of any kind. */
export const beginsFile = (bytes: Buffer) =>
  beginsWav(bytes) || beginsOggStream(bytes) || Boolean(unsupportedFile(bytes));

/** Rates of MP3 in kbit/s, of MPEG 1 and of its later versions for low sample rates (ISO 11172-3, 2.4.2.3; ISO 13818-3, 2.4.2.3). */
const mp3Rates = [
  [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;

/** The length of the MP3 frame that begins here; 0: none does. */
function mp3FrameBytes(bytes: Buffer): number {
  const [sync, kind, rates] = [bytes[0]!, bytes[1]!, bytes[2]!];
  const version = (kind >> 3) & 3;
  if (sync !== 0xff || kind < 0xe0 || version === 1 || (kind & 6) !== 2) return 0;
  const isFirst = version === 3;
  const rate = mp3Rates[isFirst ? 0 : 1][(rates >> 4) - 1];
  const sampleRate = [44100, 48000, 32000][(rates >> 2) & 3];
  if (!rate || !sampleRate) return 0;
  const bytesPerRate = (isFirst ? 144_000 : 72_000) / (sampleRate / [4, 0, 2, 1][version]!);
  return Math.floor(rate * bytesPerRate) + ((rates >> 1) & 1);
}

/** The length of the AAC frame with an ADTS header that begins here (ISO 13818-7, 6.2); 0: none does. */
function aacFrameBytes(bytes: Buffer): number {
  if (bytes[0] !== 0xff || (bytes[1]! & 0xf6) !== 0xf0) return 0;
  const length = ((bytes[3]! & 3) << 11) | (bytes[4]! << 3) | (bytes[5]! >> 5);
  return length > 7 ? length : 0;
}
