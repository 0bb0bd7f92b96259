// Finds the pages of an Ogg stream (RFC 3533), also behind damaged bytes.

/** Bytes of a page before the table of its segments. */
export const headerBytes = 27;
/** The largest page (RFC 3533, 6). */
export const maxPageBytes = headerBytes + 255 + 255 * 255;
/** In one push, or the rest is not searched: looking for the next page behind each of them takes time. */
export const maxDamagedPages = 1000;
/** Flags of a page. */
export const CONTINUED = 1;
export const FIRST = 2;
export const LAST = 4;
const checksumAt = 22;

/** For each first byte, the rest of the checksum: a CRC of 32 bits with the polynomial 0x04c11db7, from 0 (RFC 3533, 6). */
const remainders = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** The checksum of a page, with zeros in the place of its own. */
function checksum(page: Buffer): number {
  let crc = 0;
  for (let at = 0; at < page.length; at++) {
    const byte = at >= checksumAt && at < checksumAt + 4 ? 0 : page[at]!;
    crc = (crc << 8) ^ remainders[(crc >>> 24) ^ byte]!;
  }
  return crc >>> 0;
}

/** Whether these bytes may be the start of an Ogg page. */
export function beginsOgg(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 4) === "OggS";
}

/** Whether these bytes are the start of an Ogg stream. */
export function beginsOggStream(bytes: Buffer): boolean {
  return beginsOgg(bytes) && Boolean(bytes[5]! & FIRST);
}

/** Finds the first whole page whose checksum fits. The rest is what follows it, else what may become a page. */
export function findPage(bytes: Buffer): { page?: Buffer; rest: Buffer; skipped: number; damaged: number } {
  let incomplete: number | undefined;
  let damaged = 0;
  for (let at = bytes.indexOf("OggS", 0, "latin1"); at >= 0; at = bytes.indexOf("OggS", at + 1, "latin1")) {
    const length = pageLength(bytes.subarray(at));
    if (length === undefined) {
      // If a page follows, the length is wrong.
      incomplete ??= at;
      continue;
    }
    const page = bytes.subarray(at, at + length);
    if (page.readUInt32LE(checksumAt) === checksum(page))
      return { page, rest: bytes.subarray(at + length), skipped: at, damaged };
    if (++damaged > maxDamagedPages) break;
  }
  // The end may be the start of the next page's name.
  const skipped = incomplete ?? Math.max(0, bytes.length - 3);
  return { rest: bytes.subarray(skipped), skipped, damaged };
}

/** The length of the page at the start of `bytes`; undefined when it is incomplete. */
function pageLength(bytes: Buffer): number | undefined {
  if (bytes.length < headerBytes || bytes.length < headerBytes + bytes[26]!) return undefined;
  const table = bytes.subarray(headerBytes, headerBytes + bytes[26]!);
  const length = table.reduce((sum, segment) => sum + segment, headerBytes + table.length);
  return length <= bytes.length ? length : undefined;
}
