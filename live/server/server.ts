// Where a Live server is, how one is let in, and by which way it is reached.

import type { Network } from "./network";

/** What a server is shown to be let in. */
export type Access =
  /** An API key. */
  | { by: "key"; key: string }
  /** A short-lived token, `auth_tokens/…`; the key that it was made from is not shown, but the server knows it. */
  | { by: "token"; token: string; madeFrom: string }
  /** Google Cloud's application default credentials, for Vertex AI. */
  | { by: "google"; project: string; location: string };

export interface Server {
  /** `http://` or `https://` address; absent: Vertex AI's own. (The SDK makes wss out of a ws address.) */
  baseUrl?: string | undefined;
  access: Access;
  /** Always sent: SDK 3 would take v1, which does not serve Live. */
  apiVersion: string;
  network: Network;
}

/** Characters of a secret that give nothing away. */
const HARMLESS = 6;

/** Takes secrets out of a text that somebody else wrote, and may have cut: servers and libraries quote what they were shown. */
export function without(secrets: readonly string[], text: string): string {
  let result = text;
  for (const secret of secrets) {
    if (!secret) continue;
    result = result.replaceAll(secret, "…");
    for (let length = secret.length - 1; length > HARMLESS; length--)
      if (result.endsWith(secret.slice(0, length))) result = `${result.slice(0, -length)}…`;
  }
  return result;
}
