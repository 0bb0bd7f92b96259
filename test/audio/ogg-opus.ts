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
  const whole = Buffer.concat([head, lacing, packet]);
  whole.writeUInt32LE(checksum(whole), 22);
  return whole;
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
