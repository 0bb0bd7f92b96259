import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { clientFrames } from "./client";
import { LEFT_OUT_BY_CLIENTS, LEFT_OUT_BY_SERVERS } from "./left-out";
import { fieldsOf, isMessage } from "./sdk-types";
import { sequences } from "./sequences";
import { serverFrames } from "./server";
import { misfit } from "./shape";

const entries = [...serverFrames, ...clientFrames];

/** The fields of an SDK type, and of the types below it, that no example has: `Type.field`. */
function unheldBy(type: string, examples: readonly unknown[], seen = new Set<string>()): string[] {
  const objects = examples.flat().filter((each): each is Record<string, unknown> => typeof each === "object");
  seen.add(type);
  return [...fieldsOf(type)!].flatMap(([field, inner]) => {
    const values = objects.filter((each) => field in each).map((each) => each[field]);
    if (!values.length) return [`${type}.${field}`];
    return isMessage(inner) && !seen.has(inner) ? unheldBy(inner, values, seen) : [];
  });
}

describe("the corpus of frames", () => {
  it("says for every frame and every sequence where it comes from, and since when", () => {
    for (const { what, source, from, date } of [...entries, ...sequences]) {
      assert.match(source, /^(documented|measured|reported)$/, what);
      assert.ok(what.length > 3 && from.length > 10, what);
      assert.match(date, /^2026-\d\d(-\d\d)?$/, what);
      assert.ok(date <= new Date().toISOString(), what);
    }
  });

  it("names for every frame a kind that the frame has", () => {
    for (const { kind, what, frame } of entries) {
      const keys = [
        ...Object.keys(frame),
        ...Object.keys((frame as { serverContent?: object }).serverContent ?? {}),
      ];
      assert.ok(keys.includes(kind) || (kind === "empty" && !keys.length), `${kind}: ${what}`);
    }
  });

  it("holds no frame twice under one source", () => {
    const written = entries.map(({ from, frame }) => `${from} ${JSON.stringify(frame)}`);
    assert.deepEqual(
      written.filter((each, index) => written.indexOf(each) !== index),
      [],
    );
  });

  it("has entries for every family of models and for Vertex AI", () => {
    const families = new Set(entries.flatMap(({ models }) => models ?? []));
    assert.deepEqual([...families].sort(), [
      "2.5-native-audio",
      "3.1-flash-live",
      "3.5-live-translate",
      "3.5-transcribe-live",
      "3.8-live",
      "3.8-live-extended-thinking",
    ]);
    assert.ok(serverFrames.some(({ api }) => api === "vertex"));
    assert.ok(clientFrames.some(({ api }) => api === "vertex"));
  });

  it("has the shapes of its entries in its sequences, in the order of time", () => {
    for (const { what, steps } of sequences) {
      for (const { by, frame } of steps)
        assert.equal(misfit(frame, by === "server" ? serverFrames : clientFrames), undefined, what);
      const times = steps.flatMap(({ at }) => at ?? []);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
        what,
      );
    }
  });

  for (const [type, frames, leftOut] of [
    ["LiveServerMessage", serverFrames, LEFT_OUT_BY_SERVERS],
    ["LiveClientMessage", clientFrames, LEFT_OUT_BY_CLIENTS],
  ] as const)
    it(`has the fields of the SDK's ${type}, but for exactly those that it leaves out for a reason`, () => {
      const unheld = unheldBy(
        type,
        frames.map(({ frame }) => frame),
      );
      assert.deepEqual(unheld.sort(), Object.values(leftOut).flat().sort());
    });
});
