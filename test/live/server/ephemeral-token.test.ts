// The address at which a client uses an ephemeral token.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { tokenAddress } from "../../../live/server/ephemeral-token";

describe("the address for clients with a token", () => {
  const ADDRESSES: [baseUrl: string, address: string][] = [
    ["https://generativelanguage.googleapis.com", "wss://generativelanguage.googleapis.com"],
    ["https://generativelanguage.googleapis.com/", "wss://generativelanguage.googleapis.com"],
    ["http://127.0.0.1:8765", "ws://127.0.0.1:8765"],
    ["https://gateway.example:8443/gemini", "wss://gateway.example:8443/gemini"],
    ["https://gateway.example/a/b//", "wss://gateway.example/a/b"],
    ["https://user:password@gateway.example/?secret=1#part", "wss://gateway.example"],
  ];
  for (const [baseUrl, address] of ADDRESSES)
    it(`of the server ${baseUrl} is a WebSocket of the constrained method, with nothing that is secret`, () => {
      assert.equal(
        tokenAddress({ baseUrl, apiVersion: "v1alpha" }),
        `${address}/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained`,
      );
    });
});
