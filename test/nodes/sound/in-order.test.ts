import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { InOrder } from "../../../nodes/sound/in-order";

describe("messages that are handled in order", () => {
  const log = (lines: string[], name: string) => (error?: Error) =>
    lines.push(`${name} ${error?.message ?? "done"}`);

  it("are handled at once when nothing waits", () => {
    const lines: string[] = [];
    new InOrder().run(() => void lines.push("handled"), log(lines, "first"));
    assert.deepEqual(lines, ["handled", "first done"]);
  });

  it("wait for an earlier one that waits, also after it has failed", async () => {
    const lines: string[] = [];
    const order = new InOrder();
    const last = new Promise<void>((resolve) => {
      order.run(() => Promise.reject(new Error("refused")), log(lines, "first"));
      order.run(() => void lines.push("handled"), log(lines, "second"));
      order.run(() => resolve(), log(lines, "third"));
    });
    assert.deepEqual(lines, []);
    await last;
    await Promise.resolve();
    assert.deepEqual(lines, ["first refused", "handled", "second done", "third done"]);
  });

  it("are handled at once again when nothing waits any more", async () => {
    const lines: string[] = [];
    const order = new InOrder();
    await new Promise<void>((resolve) =>
      order.run(
        () => Promise.resolve(),
        () => setImmediate(resolve),
      ),
    );
    order.run(() => {}, log(lines, "second"));
    assert.deepEqual(lines, ["second done"]);
  });

  it("get an error that is thrown", () => {
    const lines: string[] = [];
    new InOrder().run(
      () => {
        throw new Error("refused");
      },
      log(lines, "first"),
    );
    assert.deepEqual(lines, ["first refused"]);
  });
});
