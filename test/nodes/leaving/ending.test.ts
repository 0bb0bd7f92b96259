// What an instance of Node-RED does that ends before its answers do: two processes, with one Redis and one simulator of the Live server.

import assert from "node:assert/strict";
import { opened } from "../../clean-up";
import { deploy, listenAsEditor } from "../../node-red";
import { describeWithPrograms } from "../../sound-programs";
import { isAnswer, isEvent, LONG, startTwo, type Two } from "../shared-store/node-reds";

describeWithPrograms(["redis-server"], "an instance that ends during an answer", () => {
  let { first, second, simulator, speak, assertSaid } = {} as Two;

  beforeEach(async () => {
    ({ first, second, simulator, speak, assertSaid } = await startTwo({ leaveGracefully: true }));
    await speak();
  });

  it("leaves the texts that wait to the one that continues the conversation", async () => {
    await first.sayWhenIdle("by the way");
    // Messages come in order.
    await first.say(undefined, "usage");
    await first.sends(isEvent("usageTotals"), "what was asked after it");
    const isStopped = first.stop();
    while ((await first.health()).status !== "leaving");
    await first.stop();
    await isStopped;
    await second.say("where am I");
    await second.sends(isAnswer("by the way"), "the answer to the text that waited");
    assertSaid(LONG, "where am I", "by the way");
  });

  it("takes no new conversations either when it is deployed between the signal and the stop", async () => {
    const news = await opened(listenAsEditor(first.url));
    const flows = (await (await fetch(new URL("/flows", first.url))).json()) as object[];
    flows.push({ id: "other", type: "tab", label: "other" });
    const isStopped = first.stop();
    while ((await first.health()).status !== "leaving");
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    deploy(first, news, flows, "full").then(done, done);
    isStopped.then(done, done);
    while (!isDone) {
      const { status } = await first.health().catch(() => ({ status: "gone" }));
      assert.notEqual(status, "ok");
    }
    await isStopped;
    assert.equal(simulator.conversations.length, 1);
  });
});
