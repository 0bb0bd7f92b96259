// Token counts of turns and conversations.

import assert from "node:assert/strict";
import { MediaModality } from "@google/genai";
import { describe, it } from "mocha";
import { UsageMeter } from "../../../live/turns/token-usage";
import { startSimulated } from "../simulated";

describe("token usage", () => {
  it("of the conversation is the sum of its turns", async () => {
    const { talk } = await startSimulated();
    for (const text of ["one", "two"]) {
      await talk.say(text);
      await talk.next("turnComplete");
    }
    const [first, second] = talk.all("usage").map(({ usage }) => usage);
    assert.ok(first!.turn.total > 0);
    assert.equal(second!.conversation.total, first!.turn.total + second!.turn.total);
    assert.equal(
      second!.conversation.responseByModality.AUDIO,
      first!.turn.responseByModality.AUDIO! + second!.turn.responseByModality.AUDIO!,
    );
  });

  it("of a turn is the last of its counts, and the context is prompt and response", () => {
    const meter = new UsageMeter(1_000);
    meter.note({ promptTokenCount: 100, responseTokenCount: 10, totalTokenCount: 110 });
    meter.note({ promptTokenCount: 100, responseTokenCount: 150, totalTokenCount: 250 });
    const usage = meter.endTurn()!;
    assert.equal(usage.turn.total, 250);
    assert.deepEqual(usage.context, { tokens: 250, window: 1_000, percent: 25 });
    assert.equal(meter.endTurn(), undefined, "nothing was counted in the next turn");
  });

  it("counts what is no number of tokens as none, so that no total falls or stays wrong", () => {
    const meter = new UsageMeter(1_000);
    const wrong = { promptTokensDetails: [{ modality: MediaModality.TEXT, tokenCount: -3 }] };
    meter.note({ promptTokenCount: -100, responseTokenCount: 5, totalTokenCount: -95, ...wrong });
    const { turn, context } = meter.endTurn()!;
    assert.deepEqual([turn.prompt, turn.response, turn.total, context.tokens], [0, 5, 5, 5]);
    assert.deepEqual(turn.promptByModality, { TEXT: 0 });
    meter.note({ totalTokenCount: Number.POSITIVE_INFINITY });
    meter.endTurn();
    assert.equal(meter.total, 5);
  });

  it("has thoughts and tools in its total, whether the server adds them or not, as 3.8 was reported not to", () => {
    for (const totalTokenCount of [564, 707]) {
      const meter = new UsageMeter(undefined);
      const counts = { promptTokenCount: 522, responseTokenCount: 42, thoughtsTokenCount: 136 };
      meter.note({ ...counts, toolUsePromptTokenCount: 7, totalTokenCount });
      assert.equal(meter.endTurn()!.turn.total, 707);
    }
  });

  it("has the tokens of tools and of the cache by modality, and how the turn is billed", () => {
    const meter = new UsageMeter(undefined);
    const count = (modality: string, tokenCount: number) => [{ modality, tokenCount }];
    for (const serviceTier of ["standard", undefined]) {
      meter.note({
        cachedContentTokenCount: 5,
        cacheTokensDetails: count("TEXT", 5),
        toolUsePromptTokenCount: 4,
        toolUsePromptTokensDetails: count("IMAGE", 4),
        ...(serviceTier && { serviceTier, trafficType: "ON_DEMAND" }),
      } as object);
      const { turn, conversation, ...rest } = meter.endTurn()!;
      assert.deepEqual([turn.cachedByModality, turn.toolUseByModality], [{ TEXT: 5 }, { IMAGE: 4 }]);
      assert.equal(conversation.cachedByModality.TEXT, serviceTier ? 5 : 10);
      const billing = serviceTier ? { serviceTier, trafficType: "ON_DEMAND" } : {};
      assert.deepEqual(rest, { context: { tokens: 0 }, ...billing });
    }
  });

  it("has no more modalities than there are, whatever the server calls them", () => {
    const meter = new UsageMeter(undefined);
    for (let turn = 0; turn < 3; turn++) {
      const names = ["AUDIO", "AUDIO", "constructor", "__proto__", undefined, `NEW_${turn}`];
      meter.note({
        promptTokensDetails: names.map((modality) => ({ modality, tokenCount: 1 })),
      } as object);
      const { conversation } = meter.endTurn()!;
      assert.deepEqual(conversation.promptByModality, { AUDIO: 2 * (turn + 1), OTHER: 4 * (turn + 1) });
    }
  });

  it("of Vertex AI, which names the response candidates, is read alike", () => {
    const meter = new UsageMeter(undefined);
    meter.note({
      promptTokenCount: 1,
      candidatesTokenCount: 2,
      candidatesTokensDetails: [{ modality: "AUDIO", tokenCount: 2 }],
    } as object);
    const { turn, context } = meter.endTurn()!;
    assert.equal(turn.response, 2);
    assert.deepEqual(turn.responseByModality, { AUDIO: 2 });
    assert.deepEqual(context, { tokens: 3 });
  });
});
