// Encrypts what the shared store holds, with keys that come from the credential secret of Node-RED: handles and transcripts are secrets,
// and a session key may be a telephone number.

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

/** Of all that is encrypted. Raise it with a change for which what an older instance has stored or sent cannot be read any more. */
const VERSION = 1;

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class Seal {
  readonly #dataKey: Buffer;
  readonly #nameKey: Buffer;
  readonly #version: number;

  /** @param secret the same in all instances that share the store */
  constructor(secret: string, version = VERSION) {
    this.#version = version;
    const keys = Buffer.from(hkdfSync("sha256", secret, "gemini-live", "shared store", 64));
    this.#dataKey = keys.subarray(0, 32);
    this.#nameKey = keys.subarray(32);
  }

  /** The name of a conversation in the store: the same in all instances, and it does not show the session key. */
  nameOf(node: string, session: string): string {
    return createHmac("sha256", this.#nameKey)
      .update(JSON.stringify([node, session]))
      .digest("base64url");
  }

  /** Encrypts a value that only the conversation of this name can have (AES-256-GCM, base64). */
  close(name: string, value: unknown): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#dataKey, nonce).setAAD(this.#boundTo(name));
    const sealed = [cipher.update(JSON.stringify(value), "utf8"), cipher.final()];
    return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]).toString("base64");
  }

  /** What was encrypted. Throws if it was changed, or encrypted with another secret, for another name or by another version. */
  open(name: string, sealed: string): unknown {
    const bytes = Buffer.from(sealed, "base64");
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", this.#dataKey, nonce, { authTagLength: TAG_BYTES })
      .setAAD(this.#boundTo(name))
      .setAuthTag(tag);
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return JSON.parse(text.toString("utf8"));
  }

  #boundTo(name: string) {
    return Buffer.from(`${this.#version} ${name}`);
  }
}
