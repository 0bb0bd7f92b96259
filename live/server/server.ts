// The address, credentials and network route of a Live server.

import type { Network } from "./network";

/** The credentials of a server. */
export type Access =
  /** An API key. */
  | { by: "key"; key: string }
  /** An ephemeral token, `auth_tokens/…`; the key that it was requested with is not sent, but the server may quote it. */
  | { by: "token"; token: string; madeFrom: string }
  /** Google Cloud's application default credentials, for Vertex AI. */
  | { by: "google"; project: string; location: string };

export interface Server {
  /** `http://` or `https://` address; absent: Vertex AI's own. (The SDK makes wss out of a ws address.) */
  baseUrl?: string | undefined;
  access: Access;
  /** Always sent: SDK 3 uses v1 by default, which does not serve Live. */
  apiVersion: string;
  network: Network;
}
