// Secrets in the texts of servers, and what is no secret.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { redact, redactAll } from "../../../live/server/redaction";

const API_KEY = "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY";

describe("a text of a server", () => {
  for (const secret of [API_KEY, "auth_tokens/1f0c35bd", "K&=1-secret", "hunter2!"])
    it(`does not contain ${secret}, nor the beginning of it where the text is cut`, () => {
      assert.equal(redact([secret], `API key ${secret} is not valid.`), "API key … is not valid.");
      assert.equal(redact([secret], `API key ${secret.slice(0, 7)}`), "API key …");
    });

  it("does not contain a secret in any part of an error, however JSON writes it", () => {
    const error = JSON.parse(
      String.raw`{"message":"cut: secret+k","details":[{"secret+key=":"is secret+key\u003d"}]}`,
    );
    assert.deepEqual(redactAll(["secret+key="], error), { message: "cut: …", details: [{ "…": "is …" }] });
  });

  for (const word of ["simulator", "connection", "any", "", "key", "gemini", "1234"])
    it(`stays as it is when the key is "${word}", which is no secret`, () => {
      const text = "The simulator ends the connection: any key does, gemini too, 1234 times.";
      assert.equal(redact([word], text), text);
    });
});
