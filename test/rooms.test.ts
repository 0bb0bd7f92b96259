import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..");

/** What each room may import of the others: everything, types alone, or the one file that is named. */
const ALLOWED: Record<string, Record<string, "all" | "types" | string>> = {
  nodes: { live: "all", audio: "all", simulator: "server" },
  live: { audio: "types" },
  audio: {},
  simulator: { audio: "all" },
};

describe("the rooms of the house import one way", () => {
  for (const [room, allowed] of Object.entries(ALLOWED))
    it(`${room}/ imports ${Object.keys(allowed).join(", ") || "no other room"}`, () => {
      for (const file of readdirSync(join(root, room)).filter((name) => name.endsWith(".ts"))) {
        const source = readFileSync(join(root, room, file), "utf8");
        for (const [, kind, other, what] of source.matchAll(
          /^import (type )?[^"]*"\.\.\/(\w+)\/([\w-]+)"/gm,
        )) {
          const right = allowed[other!];
          assert.ok(
            right === "all" || (right === "types" && kind) || right === what,
            `${room}/${file} imports ${other}/${what}`,
          );
        }
      }
    });

  it("every file says in its first line what it is for", () => {
    for (const room of Object.keys(ALLOWED))
      for (const file of readdirSync(join(root, room)).filter((name) => name.endsWith(".ts"))) {
        const [first, second] = readFileSync(join(root, room, file), "utf8").split("\n");
        assert.match(first!.startsWith("#!") ? second! : first!, /^\/\/ .{20}/, `${room}/${file}`);
      }
  });
});
