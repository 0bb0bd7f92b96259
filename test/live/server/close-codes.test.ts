// What each close of the server means: whether it is retried, its cause, and what to do.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  explainClose,
  explainStatus,
  explainUnreachable,
  type Verdict,
} from "../../../live/server/close-codes";
import type { ErrorCode } from "../../../live/server/error-codes";

// The texts of docs/live-api.md 1.6, as the real server sends them.
const REAL: [closeCode: number, reason: string, verdict: Verdict, code: ErrorCode][] = [
  [1000, "The operation was cancelled.", "passing", "GEMINI_TIME_LIMIT"],
  [1005, "", "passing", "GEMINI_CONNECTION_LOST"],
  [1006, "", "passing", "GEMINI_CONNECTION_LOST"],
  [1007, "API key not valid. Please pass a valid API key.", "permanent", "GEMINI_KEY_REFUSED"],
  [1007, "Request contains an invalid argument.", "permanent", "GEMINI_REFUSED"],
  [1007, "Precondition check failed.", "permanent", "GEMINI_REFUSED"],
  [
    1007,
    `Invalid JSON payload received. Unknown name "transparent" at 'setup.session_resumption': Cannot find field.`,
    "permanent",
    "GEMINI_REFUSED",
  ],
  [
    1007,
    "The requested combination of response modalities (TEXT) is not supported by the model.",
    "permanent",
    "GEMINI_MODEL",
  ],
  [1007, "Cannot extract voices from a non-audio request.", "permanent", "GEMINI_REFUSED"],
  [
    1007,
    "Explicit activity control is not supported when automatic activity detection is enabled.",
    "permanent",
    "GEMINI_REFUSED",
  ],
  [
    1007,
    "realtime_input.media_chunks is deprecated. Use audio, video, or text instead.",
    "permanent",
    "GEMINI_REFUSED",
  ],
  [1007, "setup must be the first message and only the first", "permanent", "GEMINI_REFUSED"],
  [1007, "Invalid session handle", "handle", "GEMINI_HANDLE"],
  [1007, "User location is not supported for the API use.", "permanent", "GEMINI_REGION"],
  [
    1007,
    "token-based requests cannot use project-scoped features such as tuned models",
    "permanent",
    "GEMINI_TOKEN",
  ],
  [
    1007,
    "Missing or malformed auth token, pass it in an `access_token` query parameter",
    "permanent",
    "GEMINI_TOKEN",
  ],
  [
    1007,
    "* BidiGenerateContentRequest.setup.tools[0].function_declarations[3].parameters.enum: only allowed",
    "permanent",
    "GEMINI_REFUSED",
  ],
  [
    1008,
    "models/x is not found for API version v1beta, or is not supported for bidiGenerateContent.",
    "permanent",
    "GEMINI_MODEL",
  ],
  [1008, "Operation is not implemented, or supported, or enabled.", "permanent", "GEMINI_REFUSED"],
  [1008, "The operation was aborted.", "passing", "GEMINI_TIME_LIMIT"],
  [1008, "BidiGenerateContent session not found", "handle", "GEMINI_HANDLE"],
  [1008, "Requested entity was not found.", "handle", "GEMINI_HANDLE"],
  [1008, "Method doesn't allow unregistered callers", "permanent", "GEMINI_KEY_REFUSED"],
  [1008, "Your API key was reported as leaked.", "permanent", "GEMINI_KEY_REFUSED"],
  [
    1008,
    "Connection aborted because the client failed to close the connection after receiving a GoAway signal",
    "passing",
    "GEMINI_TIME_LIMIT",
  ],
  [1008, "Publisher model was not found.", "permanent", "GEMINI_MODEL"],
  [1011, "Internal error encountered.", "passing", "GEMINI_SERVER"],
  [1011, "The service is currently unavailable.", "passing", "GEMINI_SERVER"],
  [1011, "Deadline expired before operation could complete.", "passing", "GEMINI_TIME_LIMIT"],
  [
    1011,
    "You exceeded your current quota, please check your plan and billing details.",
    "quota",
    "GEMINI_QUOTA",
  ],
  [1011, "Token has been used too many times", "token", "GEMINI_TOKEN"],
  [1011, "Token has expired", "token", "GEMINI_TOKEN"],
  [1011, "auth token has expired", "token", "GEMINI_TOKEN"],
  [1011, "Request trace id: 1, [ORIGINAL ERROR] x", "passing", "GEMINI_SERVER"],
  [1013, "", "passing", "GEMINI_CONNECTION_LOST"],
];

/** The HTTP status or the code of Node.js with which a handshake fails. */
const HANDSHAKES: [failure: number | string, code: ErrorCode][] = [
  [200, "GEMINI_ADDRESS"],
  [400, "GEMINI_REFUSED"],
  [401, "GEMINI_KEY_REFUSED"],
  [403, "GEMINI_KEY_REFUSED"],
  [404, "GEMINI_ADDRESS"],
  [407, "GEMINI_PROXY"],
  [429, "GEMINI_QUOTA"],
  [500, "GEMINI_SERVER"],
  [503, "GEMINI_SERVER"],
  ["CERT_HAS_EXPIRED", "GEMINI_CERTIFICATE"],
  ["ENOTFOUND", "GEMINI_UNREACHABLE"],
  ["ECONNREFUSED", "GEMINI_UNREACHABLE"],
];

describe("a close of the server", () => {
  for (const [closeCode, reason, verdict, code] of REAL)
    it(`${closeCode} "${reason}" is ${verdict}: ${code}`, () => {
      const explained = explainClose(closeCode, reason);
      assert.deepEqual([explained.verdict, explained.code], [verdict, code]);
    });

  it("has a cause and advice, whatever its code and reason", () => {
    for (const [closeCode, reason] of REAL) {
      const { cause, advice } = explainClose(closeCode, reason);
      assert.ok(cause && advice, `${closeCode} ${reason}`);
    }
  });

  it("of a handshake comes with advice for a name that DNS does not know, and for each fault of a certificate", () => {
    const adviceFor = (code: string) => explainUnreachable(Object.assign(new Error("x"), { code })).advice;
    assert.match(adviceFor("ENOTFOUND"), /DNS does not know/);
    assert.match(adviceFor("CERT_HAS_EXPIRED"), /clock|renew/);
    assert.match(adviceFor("ERR_TLS_CERT_ALTNAME_INVALID"), /another host name/);
    assert.match(adviceFor("DEPTH_ZERO_SELF_SIGNED_CERT"), /certificate authority/);
  });

  for (const [failure, code] of HANDSHAKES)
    it(`of a handshake by ${failure} is ${code}`, () => {
      const explained =
        typeof failure === "number"
          ? explainStatus(failure)
          : explainUnreachable(Object.assign(new Error("x"), { code: failure }));
      assert.equal(explained.code, code);
    });

  it("of a handshake differs by HTTP status and network error: wrong address, refused key, quota, unreachable", () => {
    assert.match(explainStatus(404).cause, /no Live API/);
    assert.match(explainStatus(403).cause, /refused the key/);
    assert.deepEqual(
      [400, 409, 429, 503].map((status) => explainStatus(status).verdict),
      ["permanent", "passing", "quota", "passing"],
    );
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    assert.match(explainUnreachable(refused).cause, /cannot be reached \(ECONNREFUSED\)/);
    assert.equal(explainUnreachable(refused).verdict, "passing");
    const page = explainStatus(200);
    assert.deepEqual(
      [page.verdict, page.cause],
      ["permanent", "there is no Live API at this address (HTTP 200)"],
    );
  });
});
