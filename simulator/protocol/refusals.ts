// Every reason for which the Live server closes a connection: the close code and the server's message.

import type { Range } from "./variation";

/** A reason to close the connection. The code that finds it throws it; the connection sends the close frame. */
export class Refusal extends Error {
  override name = "Refusal";

  /**
   * @param reason the server's message, of any length
   * @param code WebSocket close code
   * @param delayMs how long the server waits before it closes; absent: not at all
   */
  constructor(
    reason: string,
    readonly code = 1007,
    readonly delayMs?: Range,
  ) {
    super(reason);
  }
}

/** Shortens a reason to the 123 bytes of UTF-8 that a close frame holds, without splitting a character (RFC 6455, 5.5). */
export function closeReason(reason: string) {
  const bytes = Buffer.from(reason);
  let end = Math.min(bytes.length, 123);
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString();
}

/** Most invalid values. */
export const invalidArgument = () => new Refusal("Request contains an invalid argument.");

/** A second setup, or a message before the setup. */
export const setupOnce = () => new Refusal("setup must be the first message and only the first");

/** activityStart or activityEnd with automatic turn detection. */
export const explicitActivity = () =>
  new Refusal("Explicit activity control is not supported when automatic activity detection is enabled.");

/** activityEnd on a connection that has not received any audio, and a setup of 2.5 without the modality AUDIO. */
export const noVoices = () => new Refusal("Cannot extract voices from a non-audio request.");

/** An activity without audio, on transcribe-live. */
export const preconditionFailed = () => new Refusal("Precondition check failed.");

/** realtimeInput.mediaChunks, which newer models refuse. */
export const mediaChunksDeprecated = () =>
  new Refusal("realtime_input.media_chunks is deprecated. Use audio, video, or text instead.");

/** Response modalities that the model does not support. */
export const modalitiesRefused = (asked: readonly string[]) =>
  new Refusal(
    `The requested combination of response modalities (${asked.join(", ")}) is not supported by the model.`,
  );

/** An unknown model. @param version the API version of the URL */
export const modelNotFound = (name: string, version: string) =>
  new Refusal(
    `${name} is not found for API version ${version}, or is not supported for bidiGenerateContent. ` +
      "Call ListModels to see the list of available models and their supported methods.",
    1008,
  );

/** An unknown model on Vertex AI. */
export const publisherModelNotFound = () => new Refusal("Publisher model was not found.", 1008);

/** A missing API key. */
export const noKey = () =>
  new Refusal(
    "Method doesn't allow unregistered callers (callers without established identity). " +
      "Please use API Key or other form of API consumer identity to call this API.",
    1008,
  );

/** A wrong API key. */
export const wrongKey = () => new Refusal("API key not valid. Please pass a valid API key.");

/** A missing, malformed or unknown token. */
export const noToken = () =>
  new Refusal(
    "Missing or malformed auth token in request. Obtain one from CreateAuthToken and pass it in an " +
      "`access_token` query parameter",
  );

/** A token whose uses are spent. */
export const tokenUsedUp = () => new Refusal("Token has been used too many times", 1011);

/** A token that came after its newSessionExpireTime, or for a resume after its expireTime. */
export const tokenTooOld = () => new Refusal("Token has expired", 1011);

/** A token that expires while its session is open. */
export const tokenExpired = () => new Refusal("auth token has expired", 1011);

/** Audio while a blocking call is pending, on models that do not support that. */
export const aborted = () => new Refusal("The operation was aborted.", 1008);

/** An error on the server's side. */
export const internalError = () => new Refusal("Internal error encountered.", 1011);

/** A resume while the server counts a connection as holding the session, or right after it was closed; measured. */
export const sessionInUse = () =>
  new Refusal("Internal error encountered.", 1011, { least: 500, usual: 560, most: 700 });

/** A malformed resumption handle. */
export const invalidHandle = () => new Refusal("Invalid session handle");

/** An unknown or expired resumption handle. */
export const sessionNotFound = () => new Refusal("BidiGenerateContent session not found", 1008);

/** The end of the connection's lifetime, after goAway. */
export const goAwayIgnored = () =>
  new Refusal(
    "Connection aborted because the client failed to close the connection after receiving a GoAway signal once " +
      "the session duration expired",
    1008,
  );

/** The end of the connection's lifetime, without goAway. */
export const deadlineExpired = () => new Refusal("Deadline expired before operation could complete.", 1011);
