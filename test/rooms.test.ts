// Which parts of the source import which: rooms one way, and nothing in a circle.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { sourcesIn as filesIn, importsOf, readSource as read } from "./source";

const root = join(__dirname, "..");

/** What each room imports of the others, besides their types: everything, or the files that are named. */
const ALLOWED: Record<string, Record<string, "all" | string[]>> = {
  nodes: { live: "all", audio: "all", simulator: ["simulator/server"], browser: [] },
  live: { audio: ["audio/frames"] },
  audio: {},
  simulator: { audio: "all" },
  browser: {},
};

const FILES = Object.keys(ALLOWED).flatMap(filesIn);

/** The first circle that is found, such as `a → b → a`; undefined when there is none. */
function circleIn(arrows: Map<string, Iterable<string>>): string | undefined {
  const done = new Set<string>();
  const visit = (place: string, path: string[]): string | undefined => {
    if (path.includes(place)) return [...path.slice(path.indexOf(place)), place].join(" → ");
    if (done.has(place)) return undefined;
    for (const next of arrows.get(place) ?? []) {
      const circle = visit(next, [...path, place]);
      if (circle) return circle;
    }
    done.add(place);
    return undefined;
  };
  for (const place of arrows.keys()) {
    const circle = visit(place, []);
    if (circle) return circle;
  }
  return undefined;
}

/** The arrows between the folders of a room, without those inside a folder. */
function arrowsBetweenFolders(room: string) {
  const arrows = new Map<string, Set<string>>();
  for (const file of filesIn(room)) {
    const from = posix.dirname(file);
    const targets = importsOf(file).map(({ target }) => posix.dirname(target));
    arrows.set(from, new Set([...(arrows.get(from) ?? []), ...targets.filter((to) => to !== from)]));
  }
  return arrows;
}

describe("the source", () => {
  for (const [room, allowed] of Object.entries(ALLOWED))
    it(`of ${room}/ imports ${Object.keys(allowed).join(", ") || "no other room"}`, () => {
      for (const file of filesIn(room))
        for (const { target, types } of importsOf(file)) {
          assert.ok(existsSync(join(root, `${target}.ts`)), `${file} imports ${target}`);
          const other = target.split("/")[0]!;
          const right = other === room ? "all" : allowed[other];
          assert.ok(
            right === "all" || (right && (types || right.includes(target))),
            `${file} imports ${target}`,
          );
        }
    });

  for (const room of ["live", "simulator", "audio"])
    it(`of ${room}/ imports one way between its folders`, () => {
      const arrows = arrowsBetweenFolders(room);
      assert.ok(arrows.size > 2);
      assert.equal(circleIn(arrows), undefined);
    });

  it("has no file that imports itself by way of others", () => {
    const arrows = new Map(FILES.map((file) => [file, importsOf(file).map(({ target }) => target)]));
    assert.equal(circleIn(arrows), undefined);
    // A circle would be found.
    const [file, [target] = []] = [...arrows].find(([, targets]) => targets.length)!;
    assert.equal(circleIn(new Map([...arrows, [target!, [file]]])), `${file} → ${target} → ${file}`);
  });

  it("of nodes/ holds at its top one file and one dialog for each node, and nothing else", () => {
    const { nodes } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))["node-red"];
    const top = readdirSync(join(root, "nodes"), { withFileTypes: true }).filter((entry) => entry.isFile());
    assert.deepEqual(
      top.map(({ name }) => name).sort(),
      Object.keys(nodes)
        .flatMap((name) => [`${name}.html`, `${name}.ts`])
        .sort(),
    );
  });

  it("has no two file names that differ only in number or form, such as `turn` and `turns`", () => {
    const stem = (name: string) => name.replace(/(?:ings?|ers?|ed|e?s)$/, "");
    const names = [...new Set(FILES.map((file) => posix.basename(file)))];
    const alike = names.filter((name) => names.some((other) => other !== name && stem(other) === stem(name)));
    assert.deepEqual(alike, []);
    assert.equal(stem("calls"), stem("calling"));
  });

  it("says in the first line of every file what it is for", () => {
    for (const file of FILES) {
      const [first, second] = read(file).split("\n");
      assert.match(first!.startsWith("#!") ? second! : first!, /^\/\/ .{20}/, file);
    }
  });
});
