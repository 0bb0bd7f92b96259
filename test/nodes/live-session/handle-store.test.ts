// The stored resumption handles of a live session that keeps its conversations.

import assert from "node:assert/strict";
import type { Node } from "node-red";
import { type Clock, systemClock } from "../../../audio/clock";
import { NO_USAGE } from "../../../live/turns/token-usage";
import { HandleStores } from "../../../nodes/live-session/handle-store";
import { cleanUp, opened } from "../../clean-up";
import { TestClock } from "../../clock";
import { node } from "../../flow-node";
import { settings } from "../../live/talk";
import { startRedis } from "../../redis-server";
import { describeWithPrograms } from "../../sound-programs";
import { Flow } from "../flow";
import { runtime } from "../runtime";

const HOUR = 60 * 60_000;

describe("the stored handles of a live session", () => {
  let owner: Node;
  let clock: TestClock;
  const open = () => {
    const stores = new HandleStores(owner, clock);
    cleanUp(() => stores.close());
    return stores;
  };
  /** The names in the node's context. Its store is in memory, which answers at once. */
  const stored = () => owner.context().keys();

  beforeEach(async () => {
    await Flow.start([node("owner", "helper")]);
    owner = runtime.getNode("owner") as unknown as Node;
    clock = new TestClock();
  });

  it("are used within two hours, also by the node that replaces it", async () => {
    const first = open();
    first.of("kitchen", () => settings).save({ handle: "a handle", unanswered: [] });
    first.close();
    clock.advance(HOUR);
    assert.equal(
      (
        await open()
          .of("kitchen", () => settings)
          .load()
      )?.handle,
      "a handle",
    );
  });

  it("are deleted from Node-RED's context once expired, although their conversations never come back", () => {
    const stores = open();
    for (const key of ["kitchen", "hall"])
      stores.of(key, () => settings).save({ handle: key, unanswered: [] });
    owner.context().set("count", 1);
    clock.advance(HOUR);
    stores.of("hall", () => settings).save({ handle: "a newer handle", unanswered: [] });
    assert.equal(stored().length, 3);
    clock.advance(HOUR + 10 * 60_000);
    assert.deepEqual(stored(), ["handle_68616c6c", "count"]);
    clock.advance(HOUR);
    assert.deepEqual(stored(), ["count"]);
  });

  it("are deleted at the start when they expired while Node-RED was stopped", () => {
    const before = open();
    before.of("kitchen", () => settings).save({ handle: "a handle", unanswered: [] });
    before.close();
    clock.advance(3 * HOUR);
    assert.equal(stored().length, 1);
    open();
    assert.deepEqual(stored(), []);
  });

  it("are waited for five seconds: a context store that never answers keeps no message, with one warning", async () => {
    const warnings: unknown[] = [];
    const answers: ((error: null, names: string[]) => void)[] = [];
    const context = () => ({ keys: (_: unknown, done: (typeof answers)[0]) => answers.push(done) });
    const stores = new HandleStores(
      { id: "owner", context, warn: (text: unknown) => warnings.push(text) } as unknown as Node,
      clock,
    );
    cleanUp(() => stores.close());
    const waiting = stores.ready("late");
    clock.advance(4_999);
    assert.ok(stores.ready("late"));
    clock.advance(1);
    assert.equal(stores.ready("late"), undefined);
    await waiting;
    assert.equal(await stores.of("late", () => settings).load(), undefined);
    answers[0]!(null, []);
    clock.advance(10_000);
    assert.deepEqual(warnings.length, 1);
    assert.match(String(warnings[0]), /context store has not answered for 5 s/);
  });

  it("need no timer after the node is closed", () => {
    open().close();
    assert.equal(clock.waiting, 0);
  });
});

describeWithPrograms(["redis-server"], "what instances store of a conversation in a shared store", () => {
  const progress = {
    history: [{ role: "user", text: "hello" }],
    seeded: [],
    usage: NO_USAGE,
    calls: [],
    turn: 2,
    waiting: [],
    hasBegun: true,
    isStale: false,
  } as const;
  let url: string;

  const instance = async (clock: Clock = systemClock) => {
    const stores = await opened(
      new HandleStores({ id: "session" } as Node, clock, {
        address: { url },
        secret: "a secret",
        random: () => 0,
        onRead() {},
        onAsked() {},
        onLost() {},
        canTake: () => true,
        onResult() {},
        onHealth() {},
      }),
    );
    await stores.ready("kitchen");
    return stores;
  };

  /** Stores a conversation in one instance, which then releases it. */
  const store = async (clock?: Clock) => {
    const stores = await instance(clock);
    stores.of("kitchen", () => settings).save({ handle: "a handle", unanswered: [], progress });
    await stores.close();
  };

  beforeEach(async () => {
    url = (await startRedis()).url;
  });

  it("is used also when the clock of the machine that stored it is hours slow", async () => {
    await store({ ...systemClock, date: () => Date.now() - 3 * HOUR });
    const stored = await (await instance()).of("kitchen", () => settings).load();
    assert.equal(stored?.handle, "a handle");
  });

  it("is used without its handle when the next instance has another model", async () => {
    await store();
    const other = { ...settings, model: "gemini-3.1-flash-live-preview" };
    const stored = await (await instance()).of("kitchen", () => other).load();
    assert.equal(stored?.handle, undefined);
    assert.deepEqual(stored?.progress, progress);
  });
});
