// The words for the reasons of a turn's end.

import assert from "node:assert/strict";
import { TurnCompleteReason } from "@google/genai";
import { describe, it } from "mocha";
import { causeOfEnd } from "../../../live/turns/end-reasons";

const noErrors: string[] = [
  TurnCompleteReason.TURN_COMPLETE_REASON_UNSPECIFIED,
  TurnCompleteReason.NEED_MORE_INPUT,
];

describe("the reason of a turn's end", () => {
  for (const reason of Object.values(TurnCompleteReason))
    it(`${reason} of the SDK ${noErrors.includes(reason) ? "is no error" : "has a cause and what to do, in words"}`, () => {
      const cause = causeOfEnd(reason);
      if (noErrors.includes(reason)) return assert.equal(cause, undefined);
      assert.match(cause!, /^[A-Z][^_]+\. (Ask|Send|Simplify) [^_]+\.$/);
    });

  it("that is new has a cause that names it; a turn without a reason, or with silence at its end, has none", () => {
    assert.equal(causeOfEnd("NEW_REASON"), "The server ended the turn with the reason NEW_REASON.");
    assert.equal(causeOfEnd("constructor"), "The server ended the turn with the reason constructor.");
    for (const reason of [undefined, "", "SILENCE"]) assert.equal(causeOfEnd(reason), undefined);
  });
});
