// Checks that bytes are an image of their type, by the signature with which such a file begins.

import { InputError } from "../../live/server/errors";

export type ImageType = "image/jpeg" | "image/png";

/** ISO/IEC 10918-1, B.1.1.3, and the marker that follows; PNG specification, 5.2. */
const SIGNATURES: Record<ImageType, Buffer> = {
  "image/jpeg": Buffer.from("ffd8ff", "hex"),
  "image/png": Buffer.from("89504e470d0a1a0a", "hex"),
};

export const isImageType = (type: unknown): type is ImageType =>
  typeof type === "string" && Object.hasOwn(SIGNATURES, type);

/**
 * A camera may answer with a page that asks for a login: the error says so before anything is sent.
 * @param what has the image, for the error
 * @throws InputError if `bytes` do not begin as an image of this type
 */
export function requireImage(bytes: Buffer, type: ImageType, what: string): void {
  const signature = SIGNATURES[type];
  if (bytes.subarray(0, signature.length).equals(signature)) return;
  const begins = JSON.stringify(bytes.toString("latin1", 0, 12));
  throw new InputError(
    `${what} is not ${type}: it begins with ${begins}. Look at what the camera or the file sends; it may be the text of an error.`,
  );
}
