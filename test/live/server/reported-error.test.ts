// The error that the server reports in a frame.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { reportedError } from "../../../live/server/reported-error";

describe("an error in a frame of the server", () => {
  it("has code, status and message in its text, and what to do", () => {
    const error = reportedError({ code: 429, status: "RESOURCE_EXHAUSTED", message: "Too many." });
    assert.equal(
      error.message,
      'Gemini Live: the server reported "Too many." (429 RESOURCE_EXHAUSTED). Wait before trying again.',
    );
    assert.equal(error.code, "GEMINI_QUOTA");
    assert.deepEqual(error.cause, { code: 429, status: "RESOURCE_EXHAUSTED" });
  });

  for (const [reported, text] of [
    [{ message: "broken" }, "broken"],
    [{ status: "INTERNAL" }, '{"status":"INTERNAL"}'],
    [{ message: "", code: {} }, '{"message":"","code":{}}'],
    ["broken", "broken"],
    [[7], "[7]"],
    [{}, "{}"],
    [false, "false"],
  ] as const)
    it(`of the form ${JSON.stringify(reported)} is never undefined`, () => {
      const error = reportedError(reported);
      assert.ok(error.message.includes(`"${text}"`), error.message);
      assert.doesNotMatch(error.message, /undefined|\[object/);
      assert.equal(error.code, "GEMINI_SERVER");
    });

  it("has a limited length, with a message and without one", () => {
    for (const key of ["message", "details"])
      assert.ok(reportedError({ [key]: "x".repeat(1e6) }).message.length < 2_500, key);
  });
});
