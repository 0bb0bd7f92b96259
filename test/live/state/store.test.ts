// When a conversation is reported as idle.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { StateEvent } from "../../../live/state/state";
import { StateStore } from "../../../live/state/store";

/** A store that is connected, and what it has reported since. */
function connectedStore(onIdle: (store: StateStore) => void = () => {}) {
  const log: string[] = [];
  const store = new StateStore();
  store.onChange((_before, _after, event) => log.push(event.type));
  store.onIdle(() => {
    log.push("idle");
    onIdle(store);
  });
  store.apply({ type: "connected", resumed: false });
  log.length = 0;
  return { store, log };
}

describe("the store of a conversation's state", () => {
  it("reports each event, and idle once each time the conversation becomes idle", () => {
    const { store, log } = connectedStore();
    const events: StateEvent[] = [{ type: "textSent" }, { type: "modelContent" }, { type: "turnComplete" }];
    for (const event of [...events, ...events]) store.apply(event);
    store.apply({ type: "changeOverPlanned", cause: "goAway" });
    assert.deepEqual(
      log.join(" "),
      `${"textSent modelContent turnComplete idle ".repeat(2)}changeOverPlanned`,
    );
  });

  it("reports idle once connected", () => {
    let idle = 0;
    const store = new StateStore();
    store.onIdle(() => {
      idle += 1;
    });
    store.apply({ type: "connecting" });
    assert.equal(idle, 0);
    store.apply({ type: "connected", resumed: false });
    assert.equal(idle, 1);
  });

  it("reports idle after the end of a turn in which the conversation was never busy", () => {
    const { store, log } = connectedStore();
    store.apply({ type: "turnComplete" });
    assert.deepEqual(log, ["turnComplete", "idle"]);
  });

  it("reports idle at the end of a batch, and only if the conversation is idle then", () => {
    const { store, log } = connectedStore();
    store.batch(() => {
      store.apply({ type: "textSent" });
      store.apply({ type: "turnComplete" });
      assert.ok(!log.includes("idle"));
    });
    assert.equal(log.at(-1), "idle");
    store.apply({ type: "textSent" });
    store.batch(() => {
      store.apply({ type: "turnComplete" });
      store.apply({ type: "userSpeech", speaking: true });
    });
    assert.equal(log.filter((line) => line === "idle").length, 1);
  });

  it("reports idle again when what happens on idle leaves the conversation idle again", () => {
    let texts = 0;
    const { store, log } = connectedStore((store) => {
      if (texts-- <= 0) return;
      store.apply({ type: "textSent" });
      store.apply({ type: "turnComplete" });
    });
    texts = 2;
    store.apply({ type: "textSent" });
    store.apply({ type: "turnComplete" });
    assert.equal(log.filter((line) => line === "idle").length, 3);
  });

  it("reports idle again on request, and not while the conversation is busy", () => {
    const { store, log } = connectedStore();
    store.idleAgain();
    assert.deepEqual(log, ["idle"]);
    store.batch(() => {
      store.idleAgain();
      store.apply({ type: "textSent" });
    });
    store.idleAgain();
    assert.deepEqual(log, ["idle", "textSent"]);
  });

  it("still reports idle after an error in a batch", () => {
    const { store, log } = connectedStore();
    store.apply({ type: "textSent" });
    assert.throws(() =>
      store.batch(() => {
        throw new Error("broken");
      }),
    );
    store.apply({ type: "turnComplete" });
    assert.equal(log.at(-1), "idle");
  });
});
