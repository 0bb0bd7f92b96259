// What waits for an answer of the simulated model is bounded.

import assert from "node:assert/strict";
import { MAX_UTTERANCE } from "../../../simulator/input/speech-detection";
import { PromptQueue } from "../../../simulator/turns/prompt-queue";

it("keeps the newest two minutes of speech, and 100 inputs", () => {
  const queue = new PromptQueue();
  const say = (seconds: number) => queue.ask({ speech: Buffer.alloc(0), seconds });
  for (let count = 0; count < 5; count++) say(MAX_UTTERANCE);
  assert.equal(queue.seconds, 2 * MAX_UTTERANCE);
  for (let count = 0; count < 150; count++) say(0.1);
  queue.complete(0);
  assert.equal(queue.takeQuestions()!.asked.length, 100);
});
