// Every field that a server may send comes out of a live session, or is left out for a reason.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { opened } from "../../clean-up";
import { startFarEnd } from "../../far-end";
import { node } from "../../flow-node";
import { fieldsOf, isMessage } from "../../frames/sdk-types";
import { serverFrames } from "../../frames/server";
import { connectionTo, Flow, session } from "../flow";
import { FIELDS, type Field, holds, LEFT_OUT } from "./server-fields";

const leftOut = Object.values(LEFT_OUT).flat();
const covered = new Set([...FIELDS.map(({ path }) => path), ...leftOut]);

/** The paths in the SDK's type that are not covered. */
function missingIn(type: string, path: string): string[] {
  return [...fieldsOf(type)!].flatMap(([name, inner]) => {
    const place = path ? `${path}.${name}` : name;
    if (covered.has(place)) return [];
    return isMessage(inner) ? missingIn(inner, place) : [place];
  });
}

/** The paths in a value, down to those that are covered. */
function pathsIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsIn(item, path));
  if (covered.has(path) || typeof value !== "object" || value === null) return path ? [path] : [];
  return Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, path ? `${path}.${key}` : key));
}

/** The paths of the corpus, each with the marks of its sources: documented, measured or reported. */
const inCorpus = new Map<string, Set<string>>();
for (const { source, frame } of serverFrames)
  for (const path of pathsIn(frame, ""))
    inCorpus.set(path, (inCorpus.get(path) ?? new Set()).add(source.charAt(0)));

/** What comes out of a live session that gets the frames of a field. */
async function messageOf({ path, frames, output, shows, properties }: Field) {
  const farEnd = await opened(
    startFarEnd((frame, reply) => {
      const accepts = (each: object) => "setupComplete" in each;
      if (frame.setup) reply(frames.find(accepts) ?? { setupComplete: {} });
      else for (const each of frames) if (!accepts(each)) reply(each);
    }),
  );
  const flow = await Flow.start(
    [
      connectionTo(farEnd),
      ...session(properties),
      node("session", "gemini-live-session", { connection: "connection", ...properties }, [
        ["audio"],
        ["text"],
        ["tools", "tool"],
        ["events"],
      ]),
      node("tool", "gemini-tool-call", { functionName: "book_slot", description: "Books a slot." }),
    ].filter(({ id }, at, all) => all.findLastIndex((each) => each.id === id) === at),
  );
  flow.send("session", { payload: Buffer.alloc(640) });
  return flow.at(output).next((msg) => holds(msg, shows), `what shows ${path}`);
}

describe("a field of a server's frame", () => {
  it("of the SDK's types is in the table of this test, or left out for a reason", () => {
    assert.deepEqual(missingIn("LiveServerMessage", ""), []);
  });

  it("of the corpus is in the table, or left out for a reason", () => {
    assert.deepEqual(
      [...inCorpus.keys()].filter((path) => !covered.has(path)),
      [],
    );
  });

  it("is in the table of docs/live-api.md, with what shows it and the marks of its sources", () => {
    const docs = readFileSync(join(__dirname, "../../../docs/live-api.md"), "utf8");
    // What only the SDK's types have is documented.
    const marks = (path: string) =>
      ["d", "m", "r"].filter((mark) => (inCorpus.get(path) ?? new Set("d")).has(mark)).join(", ");
    const rows = [
      ...FIELDS.map(({ path, as }) => `| \`${path}\` | ${as} | ${marks(path)} |`),
      ...Object.entries(LEFT_OUT).flatMap(([reason, paths]) =>
        paths.map((path) => `| \`${path}\` | left out: ${reason} | ${marks(path)} |`),
      ),
    ];
    const lacking = rows.filter((row) => !docs.includes(row));
    assert.deepEqual(lacking, [], `docs/live-api.md lacks:\n${lacking.join("\n")}`);
  });

  for (const field of FIELDS) it(`comes out: ${field.path}`, async () => void (await messageOf(field)));
});
