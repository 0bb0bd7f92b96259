// The captions of the page, and how it chooses its texts.

import assert from "node:assert/strict";
import { Captions, searchOf } from "../../browser/captions";
import type { NodeMessage } from "../../browser/protocol";

type Text = NodeMessage & { type: "text" };
const user = { type: "text", role: "user", turn: 1 } as const;
const model = { type: "text", role: "model", turn: 1 } as const;

describe("the captions of the page", () => {
  let captions: Captions;
  beforeEach(() => {
    captions = new Captions();
  });
  const add = (...messages: Text[]) => {
    for (const message of messages) captions.add(message);
  };
  const shown = () => captions.lines.map(({ role, text, interim }) => `${role}: ${text}|${interim}`);

  it("put pieces together, and replace them with the final text", () => {
    add({ ...user, text: "Turn on ", final: false }, { ...user, text: "the lite", final: false });
    assert.deepEqual(shown(), ["user: Turn on the lite|"]);
    add({ ...user, text: "Turn on the light.", final: true });
    assert.deepEqual(shown(), ["user: Turn on the light.|"]);
    assert.ok(captions.lines[0]!.final);
  });

  it("let each interim text replace the last one, and keep the pieces before", () => {
    add({ ...user, text: "Turn ", final: false });
    for (const text of ["own", "on the", "on the light"]) add({ ...user, text, final: false, interim: true });
    assert.deepEqual(shown(), ["user: Turn |on the light"]);
    add({ ...user, text: "on the light", final: false });
    assert.deepEqual(shown(), ["user: Turn on the light|"]);
  });

  it("keep the two sides, turns and thoughts apart, in the order in which they began", () => {
    add(
      { ...user, text: "Hello", final: false },
      { ...model, text: "The user greets.", final: false, thought: true },
      { ...model, text: "Hi", final: false, language: "de-DE" },
      { ...user, text: "Hello!", final: true },
      { ...model, text: "Hi!", final: true },
      { ...model, text: "More", final: false, turn: 2 },
    );
    assert.deepEqual(shown(), ["user: Hello!|", "model: The user greets.|", "model: Hi!|", "model: More|"]);
    assert.deepEqual(
      captions.lines.map(({ thought }) => thought),
      [false, true, false, false],
    );
    assert.equal(captions.lines[2]!.language, "de-DE");
  });

  it("begin a new line for another conversation, whose turns count from 1 again", () => {
    add({ ...model, text: "It is", final: false });
    assert.equal(captions.complete().length, 1);
    add({ ...model, text: "Hi", final: false });
    assert.deepEqual(shown(), ["model: It is|", "model: Hi|"]);
  });

  it("show what the user has written, and sources once each with the answer", () => {
    captions.write("Who are you?");
    add({ ...model, text: "A model", final: true });
    const payload = {
      groundingChunks: [
        { web: { uri: "https://example.com/", title: "Example" } },
        { web: { uri: "javascript:alert(1)", title: "no page" } },
        { web: { uri: "https://example.org/" } },
        { retrievedContext: {} },
        null,
      ],
    };
    captions.cite(searchOf({ ...payload, searchEntryPoint: { renderedContent: "<a>more</a>" } }));
    captions.cite(searchOf(payload));
    assert.deepEqual(shown(), ["user: Who are you?|", "model: A model|"]);
    assert.deepEqual(captions.lines[1]!.sources, [
      { uri: "https://example.com/", title: "Example" },
      { uri: "https://example.org/", title: "https://example.org/" },
    ]);
    assert.equal(captions.lines[1]!.suggestions, "<a>more</a>");
    for (const odd of ["none", null, undefined, 1])
      assert.deepEqual(searchOf({ groundingChunks: odd, searchEntryPoint: odd }), {
        sources: [],
        suggestions: "",
      });
  });

  it("forget the oldest of more than 500 lines", () => {
    for (let turn = 1; turn <= 501; turn++) add({ ...user, turn, text: `${turn}`, final: true });
    assert.equal(captions.lines.length, 500);
    assert.equal(captions.lines[0]!.text, "2");
  });
});
