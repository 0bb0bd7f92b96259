// How a frame of the server is read.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readFrame } from "../../../live/connection/server-frame";
import { redactAll } from "../../../live/server/redaction";
import { serverFrames } from "../../frames/server";

const read = (frame: unknown) => readFrame(JSON.stringify(frame));

describe("a frame of the server", () => {
  it("is read unchanged when a server has sent it", () => {
    for (const { frame } of serverFrames) assert.deepEqual(read(frame), { frame, wrong: [], unknown: [] });
  });

  it("keeps unknown keys, and names them with their values; null counts as no value", () => {
    const modelTurn = { parts: [{ text: "a" }, { newPart: { a: 1 } }] };
    const frame = { serverContent: { newField: 1, none: null, modelTurn }, newKind: [], toString: "a" };
    assert.deepEqual(read(frame), {
      frame,
      wrong: [],
      unknown: [
        { path: "serverContent.newField", value: 1 },
        { path: "serverContent.modelTurn.parts[].newPart", value: { a: 1 } },
        { path: "newKind", value: [] },
        { path: "toString", value: "a" },
      ],
    });
  });

  it("has unknown values and paths of a limited length and number, without secrets, also where they are cut", () => {
    const secret = "a-secret-of-the-server";
    const hide = <T>(value: T) => redactAll([secret], value);
    const keys = Array.from({ length: 100 }, (_, n) => [`key${n}`, n]);
    const frame = {
      long: `${"x".repeat(1_990)}${secret}${"x".repeat(1e6)}`,
      [`${"k".repeat(190)}${secret}`]: [secret],
      ...Object.fromEntries(keys),
    };
    const { unknown } = readFrame(JSON.stringify(frame), hide);
    assert.equal(unknown.length, 20);
    assert.deepEqual(unknown[0], { path: "long", value: `"${"x".repeat(1_990)}……` });
    assert.deepEqual(unknown[1], { path: `${"k".repeat(190)}…`, value: ["…"] });
  });

  it("loses only the values of a wrong type, which are named", () => {
    const parts = [{ text: "a" }, { text: 5 }, "b", { inlineData: [] }];
    const { frame, wrong } = read({ serverContent: { modelTurn: { parts }, turnComplete: true }, goAway: 3 });
    assert.deepEqual(wrong, [
      "serverContent.modelTurn.parts[1].text is a number",
      "serverContent.modelTurn.parts[2] is a string",
      "serverContent.modelTurn.parts[3].inlineData is a list",
      "goAway is a number",
    ]);
    assert.equal(frame.serverContent?.turnComplete, true);
    assert.deepEqual(JSON.parse(JSON.stringify(frame.serverContent.modelTurn)), {
      parts: [{ text: "a" }, {}, {}],
    });
  });

  it("names 20 values of a wrong type at most", () => {
    const { frame, wrong } = read({ serverContent: { modelTurn: { parts: new Array(1_000).fill(1) } } });
    assert.deepEqual(frame, { serverContent: { modelTurn: { parts: [] } } });
    assert.equal(wrong.length, 20);
  });

  it("has no value where the server sent null", () => {
    const { frame, wrong } = read({ serverContent: null, usageMetadata: { totalTokenCount: null } });
    assert.deepEqual(JSON.parse(JSON.stringify(frame)), { usageMetadata: {} });
    assert.deepEqual(wrong, []);
  });

  it("has no secret in what the server writes for developers, and stays as it is in what the model says", () => {
    const spoken = { serverContent: { outputTranscription: { text: "a-secret" } } };
    const noticed = { error: { message: "a-secret" }, goAway: { timeLeft: "a-secret" } };
    const ended = { serverContent: { turnCompleteReason: "a-secret" } };
    const hide = <T>(notice: T): T => JSON.parse(JSON.stringify(notice).replaceAll("a-secret", "…"));
    const readHidden = (frame: object) => readFrame(JSON.stringify(frame), hide).frame;
    assert.deepEqual(readHidden(spoken), spoken);
    assert.deepEqual(readHidden(noticed), { error: { message: "…" }, goAway: { timeLeft: "…" } });
    assert.deepEqual(readHidden(ended), { serverContent: { turnCompleteReason: "…" } });
  });

  it("is rejected if it is not a JSON object", () => {
    for (const text of ["{broken", "null", "42", '"a"', "[]"])
      assert.throws(() => readFrame(text), /the server sent a frame .* it was ignored/);
  });
});
