// Writes the header of a WAV file.

/** What the length fields hold when the length is unknown, as when ffmpeg writes into a pipe. */
const unknown = 0xffffffff;
const headerBytes = 44;

/**
 * Returns the header of a file of mono 16-bit PCM. `sampleRate` in Hz; `dataBytes`: the length of its sound, undefined for a
 * stream whose length is unknown.
 */
export function wavHeader(sampleRate: number, dataBytes?: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(dataBytes === undefined ? unknown : headerBytes - 8 + dataBytes, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(2 * sampleRate, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(dataBytes ?? unknown, 40);
  return header;
}
