// Tools across instances: the result of a call arrives at another Node-RED than the one that has the conversation.

import assert from "node:assert/strict";
import { describeWithPrograms } from "../../sound-programs";
import { isAnswer, isEvent, type Sent, startTwo, type Two } from "./node-reds";

const isCall = ({ toolCall, event }: Sent) => toolCall !== undefined && event === undefined;
const isOutcome = ({ outcome }: Sent) => outcome !== undefined;

describeWithPrograms(["redis-server"], "the result of a tool call, at another instance", () => {
  let { redis, simulator, first, second } = {} as Two;
  let toolCall: Sent["toolCall"];

  beforeEach(async () => {
    ({ redis, simulator, first, second } = await startTwo());
    await first.say("call get_weather");
    ({ toolCall } = await first.sends(isCall, "a tool call"));
  });

  const responses = () =>
    simulator.conversations.flatMap(({ calls }) => calls.flatMap((call) => call.responses));

  it("reaches the model through the instance that has the conversation, which keeps it", async () => {
    await second.respond(toolCall, "22 °C");
    assert.equal((await second.sends(isOutcome, "an outcome")).outcome, "done");
    await first.sends(isAnswer("22 °C"), "the answer of the model");
    assert.deepEqual(responses(), [{ output: "22 °C" }]);
    assert.equal(simulator.conversations[0]!.connections, 1);
  });

  it("reaches the model once when it comes to both, and the other one is an error", async () => {
    await Promise.all([first.respond(toolCall, "22 °C"), second.respond(toolCall, "22 °C")]);
    const outcomes = await Promise.all(
      [first, second].map(async (each) => (await each.sends(isOutcome, "an outcome")).outcome!),
    );
    await first.sends(isAnswer("22 °C"), "the answer of the model");
    const [error] = outcomes.filter((outcome) => outcome !== "done");
    assert.equal((error as { code: string }).code, "GEMINI_CALL_ENDED");
    assert.deepEqual(responses(), [{ output: "22 °C" }]);
  });

  it("reaches the model through the instance that continues the conversation after a crash, which tells the flow of the open call", async () => {
    first.kill();
    await second.respond(toolCall, "22 °C");
    await second.say("are you still there", undefined);
    const { payload } = await second.sends(isEvent("resumed"), "resumed");
    assert.deepEqual((payload as { calls: unknown }).calls, [{ payload: {}, toolCall, session: "kitchen" }]);
    assert.equal((await second.sends(isOutcome, "an outcome")).outcome, "done");
    await second.sends(isAnswer("22 °C"), "the answer of the model");
    assert.deepEqual(responses(), [{ output: "22 °C" }]);
  });

  it("is an error when its conversation has ended", async () => {
    await first.say(undefined, "disconnect");
    await second.respond(toolCall, "22 °C");
    const { outcome } = await second.sends(isOutcome, "an outcome");
    assert.equal((outcome as { code: string }).code, "GEMINI_CALL_ENDED");
  });

  it("is an error without the store, and the call can still be answered where it was made", async () => {
    await redis.stop();
    await second.respond(toolCall, "22 °C");
    const { outcome } = await second.sends(isOutcome, "an outcome");
    assert.equal((outcome as { code: string }).code, "GEMINI_UNREACHABLE");
    await first.respond(toolCall, "23 °C");
    await first.sends(isAnswer("23 °C"), "the answer of the model");
    assert.deepEqual(responses(), [{ output: "23 °C" }]);
  });
});
