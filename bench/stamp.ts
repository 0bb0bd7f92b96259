// Stamps in the sound: who sent it and when, in the place of its first samples, by a clock that all processes of a machine share.

/** Bytes of a stamp: divisible by three, so that it is a whole piece of base64. */
export const STAMP_BYTES = 24;

const MAGIC = Buffer.from("c0ffee5713570fab", "hex");
/** Milliseconds on a clock that is the same in all processes. */
export function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

export interface Stamp {
  /** The device's number, from 0. */
  device: number;
  /** Counts from 0. */
  seq: number;
  /** When it was sent, as now(). */
  at: number;
}

/** Writes a stamp to the start of `pcm`. */
export function stamp(pcm: Buffer, device: number, seq: number) {
  MAGIC.copy(pcm);
  pcm.writeUInt32LE(device, 8);
  pcm.writeUInt32LE(seq, 12);
  pcm.writeDoubleLE(now(), 16);
}

/** Calls back for each stamp in `pcm`. */
export function readStamps(pcm: Buffer, found: (stamp: Stamp) => void) {
  for (let at = pcm.indexOf(MAGIC); at >= 0; at = pcm.indexOf(MAGIC, at + STAMP_BYTES)) {
    if (at + STAMP_BYTES > pcm.length) return;
    found({
      device: pcm.readUInt32LE(at + 8),
      seq: pcm.readUInt32LE(at + 12),
      at: pcm.readDoubleLE(at + 16),
    });
  }
}

/** A quiet tone, which no part of the way takes for noise. @param bytes of mono PCM16 @param sampleRate in Hz */
export function tone(bytes: number, sampleRate: number): Buffer {
  const pcm = Buffer.alloc(bytes);
  for (let i = 0; 2 * i < bytes; i++)
    pcm.writeInt16LE(Math.round(1000 * Math.sin((2 * Math.PI * 200 * i) / sampleRate)), 2 * i);
  return pcm;
}

/** @param share from 0 to 1, such as 0.99 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
