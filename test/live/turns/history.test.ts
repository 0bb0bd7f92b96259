// The history of a conversation, and how much of it is kept for a restart with context.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { HistoryTurn } from "../../../live/input/input";
import { History } from "../../../live/turns/history";

describe("the history of a side", () => {
  it("is joined from its fragments, and empty when the side said nothing", () => {
    const history = new History();
    history.add("model", "Hello ");
    history.add("model", "Ada. ");
    assert.equal(history.end("model"), "Hello Ada.");
    assert.equal(history.end("user"), "");
    assert.equal(history.end("model"), "");
  });
});

describe("the history of an answer that was interrupted", () => {
  it("has only what was heard of it, and nothing if that is nothing", () => {
    const history = new History();
    history.add("model", "One, two, three.");
    assert.equal(history.end("model", "One,"), "One, two, three.");
    history.add("model", "Four.");
    assert.equal(history.end("model", ""), "Four.");
    assert.deepEqual(history.turns, [{ role: "model", text: "One," }]);
  });
});

describe("the history of a conversation", () => {
  it("keeps 20,000 characters: the oldest texts are dropped, the newest always stays", () => {
    const history = new History();
    for (let n = 0; n < 30; n++) history.keep({ role: "user", text: String(n).padEnd(1_000) });
    assert.deepEqual(
      history.turns.map(({ text }) => Number(text)),
      Array.from({ length: 20 }, (_, n) => n + 10),
    );
    history.keep({ role: "user", text: `${"x".repeat(30_000)}end` });
    assert.equal(history.turns.length, 1);
    assert.equal(history.turns[0]!.text.length, 20_000);
    assert.match(history.turns[0]!.text, /end$/);
  });
});

describe("the images in a history", () => {
  const turn = (bytes: number): HistoryTurn => ({
    role: "user",
    text: "",
    parts: [{ inlineData: { mimeType: "image/png", data: "A".repeat(bytes) } }],
  });

  it("count for 1,000 characters each", () => {
    const history = new History();
    for (let n = 0; n < 30; n++) history.keep(turn(100));
    assert.equal(history.turns.length, 20);
    history.keep({ role: "user", text: "x".repeat(19_000) });
    assert.equal(history.turns.length, 2);
  });

  it("never take up more than 4 MB", () => {
    const history = new History();
    for (let n = 0; n < 10; n++) history.keep(turn(1_000_000));
    assert.equal(history.turns.length, 4);
  });
});
