// Puts Opus packets into an Ogg file (RFC 3533, RFC 7845), for programs that read no bare packets.

/** The checksum of a page: a CRC of 32 bits with the polynomial 0x04c11db7, from 0 (RFC 3533, 6). */
function checksum(page: Buffer): number {
  let crc = 0;
  for (const byte of page) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** A page with one packet. `position`: samples at 48 kHz up to its end. */
function page(packet: Buffer, number: number, position: number, flags: number): Buffer {
  const lacing = Buffer.alloc(Math.floor(packet.length / 255) + 1, 255);
  lacing[lacing.length - 1] = packet.length % 255;
  const head = Buffer.alloc(27);
  head.write("OggS");
  head[5] = flags;
  head.writeBigUInt64LE(BigInt(position), 6);
  head.writeUInt32LE(number, 18);
  head[26] = lacing.length;
  return sealed(Buffer.concat([head, lacing, packet]));
}

/** A copy of the page with the checksum of what is in it. */
export function sealed(page: Buffer): Buffer {
  const copy = Buffer.from(page);
  copy.fill(0, 22, 26);
  copy.writeUInt32LE(checksum(copy), 22);
  return copy;
}

/** The pages of a file in which no packet holds the name of a page. */
export function pagesOf(file: Buffer): Buffer[] {
  const starts: number[] = [];
  for (let at = file.indexOf("OggS"); at >= 0; at = file.indexOf("OggS", at + 1)) starts.push(at);
  return starts.map((start, i) => file.subarray(start, starts[i + 1]));
}

/** The file of mono packets of `frameMs` milliseconds each. */
export function oggOpus(packets: Buffer[], frameMs: number): Buffer {
  const head = Buffer.from("OpusHead\x01\x01\0\0\0\0\0\0\0\0\0", "latin1");
  head.writeUInt32LE(48_000, 12);
  const tags = Buffer.from("OpusTags\0\0\0\0\0\0\0\0");
  return Buffer.concat([
    page(head, 0, 0, 2),
    page(tags, 1, 0, 0),
    ...packets.map((packet, i) =>
      page(packet, i + 2, (i + 1) * frameMs * 48, i + 1 === packets.length ? 4 : 0),
    ),
  ]);
}
