// Where a Live server is, how one is let in, and by which way it is reached.

import type { Network } from "./network";

/** What a server is shown to be let in. */
export type Access =
  /** An API key. */
  | { by: "key"; key: string }
  /** A short-lived token, `auth_tokens/…`. */
  | { by: "token"; token: string }
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

/** Takes a secret out of a text that somebody else wrote: servers and libraries quote what they were shown. */
export function without(secret: string, text: string): string {
  return secret ? text.replaceAll(secret, "…") : text;
}
