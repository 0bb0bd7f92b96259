// What each close of the server means: whether it is retried, its cause, and what to do.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { explainClose, explainUnreachable, type Verdict } from "../../../live/server/close-codes";

// The texts of docs/live-api.md 1.6, as the real server sends them.
const REAL: [number, string, Verdict][] = [
  [1000, "The operation was cancelled.", "passing"],
  [1005, "", "passing"],
  [1006, "", "passing"],
  [1007, "API key not valid. Please pass a valid API key.", "permanent"],
  [1007, "Request contains an invalid argument.", "permanent"],
  [1007, "Precondition check failed.", "permanent"],
  [
    1007,
    `Invalid JSON payload received. Unknown name "transparent" at 'setup.session_resumption': Cannot find field.`,
    "permanent",
  ],
  [
    1007,
    "The requested combination of response modalities (TEXT) is not supported by the model.",
    "permanent",
  ],
  [1007, "Cannot extract voices from a non-audio request.", "permanent"],
  [
    1007,
    "Explicit activity control is not supported when automatic activity detection is enabled.",
    "permanent",
  ],
  [1007, "realtime_input.media_chunks is deprecated. Use audio, video, or text instead.", "permanent"],
  [1007, "setup must be the first message and only the first", "permanent"],
  [1007, "Invalid session handle", "handle"],
  [1007, "User location is not supported for the API use.", "permanent"],
  [1007, "token-based requests cannot use project-scoped features such as tuned models", "permanent"],
  [1007, "Missing or malformed auth token, pass it in an `access_token` query parameter", "permanent"],
  [
    1007,
    "* BidiGenerateContentRequest.setup.tools[0].function_declarations[3].parameters.enum: only allowed",
    "permanent",
  ],
  [
    1008,
    "models/x is not found for API version v1beta, or is not supported for bidiGenerateContent.",
    "permanent",
  ],
  [1008, "Operation is not implemented, or supported, or enabled.", "permanent"],
  [1008, "The operation was aborted.", "passing"],
  [1008, "BidiGenerateContent session not found", "handle"],
  [1008, "Requested entity was not found.", "handle"],
  [1008, "Method doesn't allow unregistered callers", "permanent"],
  [1008, "Your API key was reported as leaked.", "permanent"],
  [
    1008,
    "Connection aborted because the client failed to close the connection after receiving a GoAway signal",
    "passing",
  ],
  [1008, "Publisher model was not found.", "permanent"],
  [1011, "Internal error encountered.", "passing"],
  [1011, "The service is currently unavailable.", "passing"],
  [1011, "Deadline expired before operation could complete.", "passing"],
  [1011, "You exceeded your current quota, please check your plan and billing details.", "quota"],
  [1011, "Token has been used too many times", "token"],
  [1011, "Token has expired", "token"],
  [1011, "auth token has expired", "token"],
  [1011, "Request trace id: 1, [ORIGINAL ERROR] x", "passing"],
  [1013, "", "passing"],
];

describe("a close of the server", () => {
  for (const [code, reason, verdict] of REAL)
    it(`${code} "${reason}" is ${verdict}`, () => assert.equal(explainClose(code, reason).verdict, verdict));

  it("has a cause and advice, whatever its code and reason", () => {
    for (const [code, reason] of REAL) {
      const { cause, advice } = explainClose(code, reason);
      assert.ok(cause && advice, `${code} ${reason}`);
    }
  });

  it("of a handshake comes with advice for a name that DNS does not know, and for each fault of a certificate", () => {
    const adviceFor = (code: string) => explainUnreachable(Object.assign(new Error("x"), { code })).advice;
    assert.match(adviceFor("ENOTFOUND"), /DNS does not know/);
    assert.match(adviceFor("CERT_HAS_EXPIRED"), /clock|renew/);
    assert.match(adviceFor("ERR_TLS_CERT_ALTNAME_INVALID"), /another host name/);
    assert.match(adviceFor("DEPTH_ZERO_SELF_SIGNED_CERT"), /certificate authority/);
  });

  it("of a handshake differs by HTTP status and network error: wrong address, refused key, quota, unreachable", () => {
    assert.match(explainUnreachable(new Error("Unexpected server response: 404")).cause, /no Live API/);
    assert.match(explainUnreachable(new Error("Unexpected server response: 403")).cause, /refused the key/);
    assert.equal(explainUnreachable(new Error("Unexpected server response: 429")).verdict, "quota");
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    assert.match(explainUnreachable(refused).cause, /cannot be reached \(ECONNREFUSED\)/);
    assert.equal(explainUnreachable(refused).verdict, "passing");
    const page = explainUnreachable(new Error("Unexpected server response: 200"));
    assert.deepEqual(
      [page.verdict, page.cause],
      ["permanent", "there is no Live API at this address (HTTP 200)"],
    );
  });
});
