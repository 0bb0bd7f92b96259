// How an instance of Node-RED leaves: two processes, with one Redis and one simulator of the Live server.

import assert from "node:assert/strict";
import { opened } from "../../clean-up";
import { deploy, listenAsEditor, post } from "../../node-red";
import { describeWithPrograms } from "../../sound-programs";
import {
  type Instance,
  isAnswer,
  isEvent,
  LONG,
  type Sent,
  startTwo,
  type Two,
} from "../shared-store/node-reds";

/** Milliseconds in which an instance without an answer to wait for stops, also on a busy machine; alone, it takes some 60. */
const AT_ONCE_MS = 4_000;

const isLeft = ({ event, session }: Sent) => event === "left" && session === "kitchen";
const isRefused = ({ outcome }: Sent) => typeof outcome === "object" && outcome.code === "GEMINI_LEAVING";

describeWithPrograms(["redis-server"], "an instance that leaves gracefully", () => {
  let { redis, first, second, speak, assertSaid, assertContinues } = {} as Two;

  beforeEach(async () => {
    ({ redis, first, second, speak, assertSaid, assertContinues } = await startTwo({
      leaveGracefully: true,
    }));
  });

  const healthOf = async (instance: Instance, status: string) => {
    for (;;) {
      const health = await instance.health();
      if (health.status === status) return health;
    }
  };

  /** The second instance continues the conversation with all that was said after the first text. */
  const assertLeft = async (...texts: string[]) => {
    await assertContinues("where am I");
    assertSaid(...texts, "where am I");
  };

  it("says so first, refuses new conversations, and speaks and plays its answer to the end before SIGTERM stops it", async () => {
    assert.deepEqual(await first.health(), { http: 200, status: "ok", conversations: 1 });
    await speak();
    const isStopped = first.stop();
    assert.deepEqual(await healthOf(first, "leaving"), { http: 503, status: "leaving", conversations: 1 });
    await first.talk("hall", "hello");
    await first.sends(isRefused, "the refusal of a new conversation");
    await first.sends(isAnswer("ten"), "the end of the answer");
    const complete = await first.sends(isEvent("turnComplete"), "the end of its turn");
    assert.notEqual((complete.payload as { reason?: string }).reason, "DISCONNECTED");
    await first.sends(isLeft, "left");
    await first.sends(isEvent("played"), "the end of what is played");
    await isStopped;
    assert.doesNotMatch(first.output(), /Texts without an answer/);
    await assertLeft(LONG);
  });

  it("is stopped by SIGTERM at once when no answer is being spoken or played", async () => {
    await first.sends(isEvent("played"), "the end of what is played");
    const begun = performance.now();
    await first.stop();
    const ms = performance.now() - begun;
    assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
    await assertLeft();
  });

  it("does not wait for the answer when the signal comes twice", async () => {
    await speak();
    const begun = performance.now();
    const isStopped = first.stop();
    await healthOf(first, "leaving");
    await first.stop();
    await isStopped;
    const ms = performance.now() - begun;
    assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
  });

  it("leaves at the request of the flow: an event says when it is empty, and it goes on running", async () => {
    await speak();
    await post(first, "/say", { action: "leave", session: "operator" });
    const asked = await first.sends(({ event }) => event === "left", "the answer to leave");
    assert.deepEqual(asked, {
      event: "left",
      session: "operator",
      payload: { event: "left", conversations: 1 },
    });
    assert.deepEqual(await first.health(), { http: 503, status: "leaving", conversations: 1 });
    await first.sends(isAnswer("ten"), "the end of the answer");
    const left = await first.sends(isLeft, "left");
    assert.deepEqual(left.payload, { event: "left", conversations: 0 });
    await assertLeft(LONG);
    await first.say("where am I");
    await first.sends(isRefused, "the refusal of a text that comes here");
    await first.talk("hall", "hello");
    const refused = await first.sends(isEvent("refused"), "the event");
    assert.equal((refused.payload as { code: string }).code, "GEMINI_LEAVING");
    await first.sends(isRefused, "the refusal of a new conversation");
    await first.say(null, "disconnect");
    assert.equal((await second.health()).conversations, 1);
    assert.equal((await first.health()).conversations, 0);
  });

  it("stays when its flow is deployed, and leaves gracefully after it", async () => {
    const news = await opened(listenAsEditor(first.url));
    const flows = (await (await fetch(new URL("/flows", first.url))).json()) as object[];
    // A revision of its own, which says when these flows run.
    flows.push({ id: "other", type: "tab", label: "other" });
    let isDeployed = false;
    const deployed = deploy(first, news, flows, "full").then(() => {
      isDeployed = true;
    });
    while (!isDeployed) assert.equal((await first.health()).status, "ok");
    await deployed;
    await speak();
    const isStopped = first.stop();
    await first.sends(isAnswer("ten"), "the end of the answer");
    await isStopped;
    await assertLeft(LONG);
  });

  it("says that it is leaving until the end of the stop, also while that waits for the store", async () => {
    redis.pause();
    const isStopped = first.stop();
    while (!first.output().includes("Stopping flows"))
      assert.equal((await healthOf(first, "leaving")).http, 503);
    assert.equal((await first.health()).http, 503);
    await isStopped;
  });

  it("says that it is leaving when its flows are stopped without a signal, and not any more when they start", async () => {
    await post(first, "/flows/state", { state: "stop" });
    assert.deepEqual(await first.health(), { http: 503, status: "leaving", conversations: 0 });
    await post(first, "/flows/state", { state: "start" });
    assert.deepEqual(await healthOf(first, "ok"), { http: 200, status: "ok", conversations: 0 });
  });
});
