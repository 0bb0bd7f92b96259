// The usageMetadata of a turn: thoughts.

import assert from "node:assert/strict";
import { answer, converse, NATIVE } from "../client";
import { FLASH, write } from "../tools";

const thinking = (thinkingConfig: object) => ({
  generationConfig: { responseModalities: ["AUDIO"], thinkingConfig },
});

for (const [what, setup, thinks] of [
  ["3.8", {}, true],
  ["3.1 by default", { model: FLASH }, false],
  ["3.1 with a level", { model: FLASH, ...thinking({ thinkingLevel: "LOW" }) }, true],
  ["2.5", { model: NATIVE }, true],
  ["2.5 with a budget of 0", { model: NATIVE, ...thinking({ thinkingBudget: 0 }) }, false],
] as const)
  it(`${what} ${thinks ? "counts thoughts, which the total leaves out" : "has no thoughts"}`, async () => {
    const { client } = await converse(setup);
    await answer(client, write("hello"));
    const usage = client.of("turnComplete")[0]!.usageMetadata!;
    assert.equal((usage.thoughtsTokenCount ?? 0) > 0, thinks);
    assert.equal(usage.totalTokenCount, usage.promptTokenCount + usage.responseTokenCount);
  });
