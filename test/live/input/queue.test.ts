// What waits for a connection, and in which order it is sent.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { InputQueue } from "../../../live/input/queue";

const image = (name: string) => ({ kind: "image", data: Buffer.from(name), mimeType: "image/jpeg" }) as const;
const text = (text: string) => ({ kind: "text", text, turnComplete: true }) as const;
const sound = (ms: number) => ({ kind: "sound", pcm: Buffer.alloc(ms * 32), sampleRate: 16_000 }) as const;

describe("the queue for a connection", () => {
  const queue = (messages = 2, soundMs = 100) => new InputQueue({ messages, soundMs });
  const done = () => {};

  it("returns everything in the order in which it came, after the texts that are put back", () => {
    const waiting = queue();
    waiting.add(text("a"), done);
    waiting.add(sound(20), done);
    waiting.add(image("an image"), done);
    waiting.add(text("b"), done);
    waiting.putBack([
      { ...text("x"), again: true },
      { ...text("y"), again: true },
    ]);
    const order: string[] = [];
    for (let next = waiting.take(); next; next = waiting.take())
      order.push(next.input.kind === "text" ? next.input.text : next.input.kind);
    assert.deepEqual(order, ["x", "y", "a", "sound", "image", "b"]);
    assert.ok(waiting.isEmpty);
  });

  it("holds texts with images of 16 MB, and rejects one that is too many until the others are sent", () => {
    const waiting = queue(100);
    const data = "A".repeat(6 * 1024 * 1024);
    const picture = () => ({
      ...text("look"),
      parts: [{ inlineData: { mimeType: "image/png" as const, data } }],
    });
    const errors: (string | undefined)[] = [];
    const add = () => waiting.add(picture(), (error) => errors.push(error?.message));
    for (let n = 0; n < 3; n++) add();
    assert.match(errors[0]!, /16 MB already wait for the connection/);
    waiting.take();
    add();
    assert.equal(errors.length, 1);
  });

  it("counts the tool calls and results of a history among these 16 MB", () => {
    const waiting = queue(100);
    const result = "A".repeat(6 * 1024 * 1024);
    const parts = [{ functionResponse: { name: "read_file", response: { result } } }];
    const history = () => ({ kind: "history" as const, turns: [{ role: "user" as const, text: "", parts }] });
    const errors: (string | undefined)[] = [];
    for (let n = 0; n < 3; n++) waiting.add(history(), (error) => errors.push(error?.message));
    assert.match(errors[0]!, /16 MB already wait for the connection/);
  });

  it("is not empty while one message, some sound or an image waits", () => {
    for (const input of [text("a"), sound(20), image("an image")]) {
      const waiting = queue();
      assert.ok(waiting.isEmpty);
      waiting.add(input, done);
      assert.ok(!waiting.isEmpty, input.kind);
    }
  });

  it("says of which kinds messages wait", () => {
    const waiting = queue();
    waiting.add(text("a"), done);
    assert.deepEqual([waiting.has("text"), waiting.has("history")], [true, false]);
    waiting.add({ kind: "history", turns: [{ role: "user", text: "b" }] }, done);
    assert.deepEqual([waiting.has("text"), waiting.has("history")], [true, true]);
  });

  it("returns texts that are put back before sound that waited longer", () => {
    const waiting = queue();
    waiting.add(sound(20), done);
    waiting.putBack([
      { ...text("x"), again: true },
      { ...text("y"), again: true },
    ]);
    assert.deepEqual(
      Array.from({ length: 3 }, () => waiting.take()?.input.kind),
      ["text", "text", "sound"],
    );
  });

  it("drops the oldest sound beyond the offline audio buffer, and counts its milliseconds", () => {
    const waiting = queue();
    for (let n = 0; n < 7; n++) waiting.add(sound(20), done);
    assert.equal(waiting.takeLostSoundMs(), 40);
    assert.equal(waiting.takeLostSoundMs(), 0);
    let frames = 0;
    while (waiting.take()) frames += 1;
    assert.equal(frames, 5);
    for (let n = 0; n < 5; n++) waiting.add(sound(20), done);
    assert.equal(waiting.takeLostSoundMs(), 0, "sound that was taken makes room");
  });

  it("rejects a message beyond the offline message queue, and still takes sound and an image", () => {
    const waiting = queue(1);
    const errors: (Error | undefined)[] = [];
    const note = (error?: Error) => void errors.push(error);
    waiting.add(text("a"), note);
    waiting.add(text("b"), note);
    assert.match(String(errors), /1 messages already wait/);
    waiting.add(sound(20), note);
    waiting.add(image("an image"), note);
    assert.deepEqual(errors.slice(1), [undefined]);
  });

  it("rejects everything that waits, once, and returns how many senders got the error", () => {
    const waiting = queue();
    const errors: unknown[] = [];
    const note = (error?: Error) => void errors.push(error);
    waiting.add(text("a"), note);
    waiting.add(image("an image"), note);
    waiting.putBack([{ ...text("x"), again: true }]);
    const error = new Error("over");
    assert.equal(waiting.fail(error), 2);
    assert.deepEqual(errors, [error, error]);
    assert.ok(waiting.isEmpty);
    assert.equal(waiting.fail(error), 0);
  });

  it("has room for as much sound as before after everything was rejected", () => {
    const waiting = queue();
    for (let n = 0; n < 5; n++) waiting.add(sound(20), done);
    waiting.fail(new Error("over"));
    for (let n = 0; n < 5; n++) waiting.add(sound(20), done);
    assert.equal(waiting.takeLostSoundMs(), 0);
  });
});
