// Reads the shared store of a connection from its settings.

import type { NodeAPI } from "node-red";
import { InputError } from "../../live/server/errors";
import type { ConnectionCredentials, SharedConnection } from "../flow/node-types";
import type { LiveConfigSettings } from "../settings/live-config";
import { readTls } from "./server";

/** As SharedConnection.store(). */
export function readStore(
  RED: NodeAPI,
  { store, storeTls }: LiveConfigSettings,
  credentials: Partial<ConnectionCredentials>,
): ReturnType<SharedConnection["store"]> {
  const url = store.trim();
  if (!url) return undefined;
  const { credentialSecret } = RED.settings as { credentialSecret?: unknown };
  if (typeof credentialSecret !== "string" || !credentialSecret)
    throw new InputError(
      'The shared store is encrypted with the "credentialSecret" of Node-RED\'s settings file, which is not set. Set the same one in all instances.',
      "GEMINI_SETTING",
    );
  return {
    address: {
      url,
      username: credentials.storeUser,
      password: credentials.storePassword,
      ...(storeTls && { tls: readTls(RED, storeTls) }),
    },
    secret: credentialSecret,
  };
}
