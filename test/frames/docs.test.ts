import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { clientFrames } from "./client";
import type { Entry } from "./entry";
import { serverFrames } from "./server";

const docs = readFileSync(join(__dirname, "../../docs/live-api.md"), "utf8").replace(/\s+/g, " ");

/** All kinds as the document lists them, each with the marks of its sources. */
function listOf(entries: readonly Entry[]) {
  const kinds = [...new Set(entries.map(({ kind }) => kind))];
  const marksOf = (kind: string) =>
    (["documented", "measured", "reported"] as const)
      .filter((mark) => entries.some((entry) => entry.kind === kind && entry.source === mark))
      .map((mark) => mark[0]);
  return kinds
    .map((kind) => `\`${kind === "empty" ? "{}" : kind}\` (${marksOf(kind).join(", ")})`)
    .join(", ");
}

describe("docs/live-api.md", () => {
  for (const [side, entries] of [
    ["client", clientFrames],
    ["server", serverFrames],
  ] as const)
    it(`lists every kind of frame of a ${side} with the marks of its sources`, () => {
      const list = `Kinds of frames: ${listOf(entries)}.`;
      assert.ok(docs.includes(list), `docs/live-api.md lacks: ${list}`);
    });
});
