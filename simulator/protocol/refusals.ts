// The ways in which the Live server ends a connection that it does not like: close codes and the words that go with them.

/** A reason to close the connection; thrown wherever it is found, turned into a close frame by the connection. */
export class Refusal extends Error {
  override name = "Refusal";

  /** @param code WebSocket close code, 1007 unless another was measured @param reason the server's words, of any length */
  constructor(
    reason: string,
    readonly code = 1007,
  ) {
    super(reason);
  }
}

/** What fits into a close frame: at most 123 bytes of UTF-8, never half a character (RFC 6455, 5.5). */
export function closeReason(reason: string) {
  const bytes = Buffer.from(reason);
  let end = Math.min(bytes.length, 123);
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString();
}

/** The server's answer to most things that are wrong without being a wrong name. */
export const invalidArgument = () => new Refusal("Request contains an invalid argument.");

/** A second setup, or anything else before the first one. */
export const setupOnce = () => new Refusal("setup must be the first message and only the first");

/** activityStart or activityEnd while the server listens for speech by itself. */
export const explicitActivity = () =>
  new Refusal("Explicit activity control is not supported when automatic activity detection is enabled.");

/** An activity that ends in a connection on which there never was any sound. */
export const noVoices = () => new Refusal("Cannot extract voices from a non-audio request.");

/** The field that newer models no longer take. */
export const mediaChunksDeprecated = () =>
  new Refusal("realtime_input.media_chunks is deprecated. Use audio, video, or text instead.");

/** Response modalities that the model does not have. */
export const modalitiesRefused = (asked: readonly string[]) =>
  new Refusal(
    `The requested combination of response modalities (${asked.join(", ")}) is not supported by the model.`,
  );

/** A model that is not there. @param version the API version of the URL */
export const modelNotFound = (name: string, version: string) =>
  new Refusal(
    `${name} is not found for API version ${version}, or is not supported for bidiGenerateContent. ` +
      "Call ListModels to see the list of available models and their supported methods.",
    1008,
  );

/** No key at all. */
export const noKey = () =>
  new Refusal(
    "Method doesn't allow unregistered callers (callers without established identity). " +
      "Please use API Key or other form of API consumer identity to call this API.",
    1008,
  );

/** A key that is not the right one. */
export const wrongKey = () => new Refusal("API key not valid. Please pass a valid API key.");

/** No token where one is needed, or something else in its place. */
export const noToken = () =>
  new Refusal(
    "Missing or malformed auth token in request. Obtain one from CreateAuthToken and pass it in an " +
      "`access_token` query parameter",
  );

/** A token that has begun as many sessions as it may. */
export const tokenUsedUp = () => new Refusal("Token has been used too many times", 1011);

/** A token with which this session can no longer be begun, or be resumed. */
export const tokenTooOld = () => new Refusal("Token has expired", 1011);

/** A token whose end comes while its session goes on. */
export const tokenExpired = () => new Refusal("auth token has expired", 1011);

/** Sound while the model waits for a call and cannot take it. */
export const aborted = () => new Refusal("The operation was aborted.", 1008);

/** Whatever went wrong in here rather than at the client. */
export const internalError = () => new Refusal("Internal error encountered.", 1011);

/** A resumption handle that cannot be one. */
export const invalidHandle = () => new Refusal("Invalid session handle");

/** A resumption handle that nobody knows, or no longer. */
export const sessionNotFound = () => new Refusal("BidiGenerateContent session not found", 1008);

/** The connection's time is up, and goAway was ignored. */
export const goAwayIgnored = () =>
  new Refusal(
    "Connection aborted because the client failed to close the connection after receiving a GoAway signal once " +
      "the session duration expired",
    1008,
  );

/** The connection's time is up, without any notice. */
export const deadlineExpired = () => new Refusal("Deadline expired before operation could complete.", 1011);
