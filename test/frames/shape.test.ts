import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { clientFrames } from "./client";
import { geminiFrames, serverFrames } from "./server";
import { misfit } from "./shape";

describe("a frame of the server", () => {
  it("fits if it is one of the corpus, with or without its tokens", () => {
    for (const { frame } of serverFrames) {
      assert.equal(misfit(frame, serverFrames), undefined);
      assert.equal(misfit({ ...frame, usageMetadata: { totalTokenCount: 7 } }, serverFrames), undefined);
    }
  });

  it("fits with values of enums that the corpus does not name", () => {
    const frame = { serverContent: { turnComplete: true, turnCompleteReason: "A_NEW_REASON" } };
    assert.equal(misfit(frame, geminiFrames), undefined);
  });

  it("fits with any arguments of a call", () => {
    const call = { id: "call_1", name: "f", args: { any: [{ thing: null }] } };
    assert.equal(misfit({ toolCall: { functionCalls: [call] } }, geminiFrames), undefined);
  });

  const wrong: [string, unknown, RegExp][] = [
    ["as a list", [], /^the frame is array/],
    ["with an unknown kind", { speechState: {} }, /^speechState: no frame/],
    [
      "with two kinds at once",
      { goAway: { timeLeft: "1s" }, setupComplete: {} },
      /^goAway \+ setupComplete:/,
    ],
    ["with a field in the wrong place", { turnComplete: true }, /^turnComplete: no frame/],
    [
      "with an unknown key",
      { serverContent: { turnDone: true } },
      /^serverContent.turnDone: the corpus has no such key/,
    ],
    [
      "with a value of another type",
      { goAway: { timeLeft: 50 } },
      /^goAway.timeLeft: number, in the corpus string/,
    ],
    ["with null for an object", { serverContent: null }, /^serverContent: null, in the corpus object/],
    ["without a key that is always there", { goAway: {} }, /^goAway.timeLeft: missing/],
    [
      "with a call without an id",
      { toolCall: { functionCalls: [{ name: "f", args: {} }] } },
      /^toolCall.functionCalls\[0\].id: missing/,
    ],
    [
      "with a wrong part behind a right one",
      { serverContent: { modelTurn: { parts: [{ text: "a" }, { texts: "b" }] } } },
      /^serverContent.modelTurn.parts\[1\].texts:/,
    ],
    [
      "with content that never comes together",
      { serverContent: { interrupted: true, generationComplete: true } },
      /^serverContent: the corpus never has interrupted \+ generationComplete together/,
    ],
    [
      "with speech under the SDK's name for Vertex AI",
      { serverContent: {}, voiceActivity: { voiceActivityType: "ACTIVITY_START", audioOffset: "1s" } },
      /^voiceActivity.voiceActivityType:/,
    ],
    [
      "with Vertex AI's name for tokens",
      { usageMetadata: { candidatesTokenCount: 1 } },
      /^usageMetadata.candidatesTokenCount:/,
    ],
  ];
  for (const [what, frame, problem] of wrong)
    it(`is rejected ${what}, by the name of its first wrong path`, () => {
      assert.match(misfit(frame, geminiFrames) ?? "it fits", problem);
    });
});

describe("a frame of the client", () => {
  it("fits if it is one of the corpus", () => {
    for (const { frame } of clientFrames) assert.equal(misfit(frame, clientFrames), undefined);
  });

  const wrong: [string, unknown, RegExp][] = [
    ["without a model", { setup: {} }, /^setup.model: missing/],
    [
      "with two inputs at once",
      { realtimeInput: { text: "a", audioStreamEnd: true } },
      /^realtimeInput: the corpus never has text \+ audioStreamEnd together/,
    ],
    [
      "with a number where the wire has a string",
      {
        setup: { model: "models/m", contextWindowCompression: { slidingWindow: { targetTokens: 5000 } } },
      },
      /^setup.contextWindowCompression.slidingWindow.targetTokens: number, in the corpus string/,
    ],
    [
      "with an unknown key beside the open object of a response",
      { toolResponse: { functionResponses: [{ response: {}, id: "1", when: "x" }] } },
      /^toolResponse.functionResponses\[0\].when:/,
    ],
  ];
  for (const [what, frame, problem] of wrong)
    it(`is rejected ${what}`, () => assert.match(misfit(frame, clientFrames) ?? "it fits", problem));
});
