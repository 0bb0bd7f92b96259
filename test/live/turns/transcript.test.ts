// The transcript of a conversation, and how much of it is kept for a restart with context.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Transcript } from "../../../live/turns/transcript";

describe("the transcript of a side", () => {
  it("is joined from its fragments, and empty when the side said nothing", () => {
    const transcript = new Transcript();
    transcript.add("model", "Hello ");
    transcript.add("model", "Ada. ");
    assert.equal(transcript.end("model")?.text, "Hello Ada.");
    assert.equal(transcript.end("user"), undefined);
    assert.equal(transcript.end("model"), undefined);
  });
});

describe("the history of a conversation", () => {
  it("keeps 20,000 characters: the oldest texts are dropped, the newest always stays", () => {
    const transcript = new Transcript();
    for (let n = 0; n < 30; n++) transcript.keep({ role: "user", text: String(n).padEnd(1_000) });
    assert.deepEqual(
      transcript.history.map(({ text }) => Number(text)),
      Array.from({ length: 20 }, (_, n) => n + 10),
    );
    transcript.keep({ role: "user", text: "x".repeat(30_000) });
    assert.equal(transcript.history.length, 1);
  });
});
