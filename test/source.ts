// The source of this package, and what its files import of each other. Files are named as `audio/frames`.

import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

const root = join(__dirname, "..");

export const readSource = (file: string) => readFileSync(join(root, `${file}.ts`), "utf8");

/** The files of a room. */
export const sourcesIn = (room: string) =>
  readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
    .filter((name) => /(?<!\.d)\.ts$/.test(name))
    .map((name) => posix.join(room, name.replaceAll("\\", "/").slice(0, -3)));

/** What a file imports of this package, and whether that is types alone. */
export function importsOf(file: string) {
  const statements = readSource(file).matchAll(/^(?:import|export) (type )?(?:[^";]* from )?"(\.[^"]*)"/gm);
  return [...statements].map(([, types, path]) => ({
    target: posix.join(posix.dirname(file), path!),
    types: types !== undefined,
  }));
}
