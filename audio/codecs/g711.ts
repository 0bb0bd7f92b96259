// G.711, the sound of telephones: mu-law and A-law, one byte per sample.

/** The two laws of ITU-T G.711. */
export type Law = "mulaw" | "alaw";

/** Expands a code to 16 bits: a sign, three bits of the segment and four of the step in it (ITU-T G.711, tables 1a to 2b). */
const expand: Record<Law, (code: number) => number> = {
  mulaw(code) {
    const bits = ~code & 0xff;
    const size = ((((bits & 0x0f) << 1) + 33) << ((bits >> 4) & 7)) - 33;
    return 4 * (bits & 0x80 ? -size : size);
  },
  alaw(code) {
    const bits = code ^ 0x55;
    const segment = (bits >> 4) & 7;
    const step = ((bits & 0x0f) << 1) + 1;
    const size = segment === 0 ? step : (step + 32) << (segment - 1);
    return 8 * (bits & 0x80 ? size : -size);
  },
};

const decodeTable = (law: Law) => Int16Array.from({ length: 256 }, (_, code) => expand[law](code));

/** For every 16-bit sample, as an unsigned index, the code with the nearest value. */
function encodeTable(values: Int16Array): Uint8Array {
  // Mu-law has two codes for zero; the standard sends the positive one, 0xFF.
  const codes = Array.from(values.keys())
    .filter((code) => values.lastIndexOf(values[code]!) === code)
    .sort((a, b) => values[a]! - values[b]!);
  const table = new Uint8Array(65536);
  let nearest = 0;
  for (let sample = -32768; sample <= 32767; sample++) {
    const distance = (at: number) => Math.abs(sample - values[codes[at]!]!);
    while (nearest + 1 < codes.length && distance(nearest + 1) < distance(nearest)) nearest++;
    table[sample & 0xffff] = codes[nearest]!;
  }
  return table;
}

const decoded: Record<Law, Int16Array> = { mulaw: decodeTable("mulaw"), alaw: decodeTable("alaw") };
const encoded: Record<Law, Uint8Array> = {
  mulaw: encodeTable(decoded.mulaw),
  alaw: encodeTable(decoded.alaw),
};

/** Returns the 16-bit sample of a code, 0 to 255. */
export function decodeG711(law: Law, code: number): number {
  return decoded[law][code]!;
}

/** Converts PCM16 to one code per sample: the one with the nearest value. Returns a new Buffer. */
export function encodeG711(law: Law, pcm: Buffer): Buffer {
  const codes = Buffer.allocUnsafe(pcm.length / 2);
  const table = encoded[law];
  for (let at = 0; at < codes.length; at++) codes[at] = table[pcm.readUInt16LE(2 * at)]!;
  return codes;
}
