// Reads the format and the size of an image from its header.

import type { Blob } from "../protocol/message-schema";
import { invalidArgument } from "../protocol/refusals";

/** The format of an image, and its size in pixels. */
export interface ImageHeader {
  kind: "JPEG" | "PNG";
  width: number;
  height: number;
}

/** The first chunk of a PNG file is IHDR, which starts with the size (PNG specification, 5.6 and 11.2.1). */
function readPng(bytes: Buffer): ImageHeader | undefined {
  if (bytes.length < 24 || bytes.toString("latin1", 1, 4) !== "PNG") return undefined;
  if (bytes.toString("latin1", 12, 16) !== "IHDR") return undefined;
  return { kind: "PNG", width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** A JPEG file is a list of marked segments; its SOF segment (C0 to CF except C4, C8, CC) has the size (ITU T.81, B.2). */
function readJpeg(bytes: Buffer): ImageHeader | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    // Fill bytes may precede a marker.
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { kind: "JPEG", height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

/**
 * Reads the header of an image in a message.
 * @throws Refusal unless it is a JPEG or PNG image that matches its mime type
 */
export function readImageHeader({ data = "", mimeType = "" }: Blob): ImageHeader {
  const bytes = Buffer.from(data, "base64");
  const image =
    mimeType === "image/jpeg" ? readJpeg(bytes) : mimeType === "image/png" ? readPng(bytes) : undefined;
  if (!image?.width || !image.height) throw invalidArgument();
  return image;
}
