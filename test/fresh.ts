// Loads the program again, with a state of its own, as in a new process.

import { join, resolve } from "node:path";

const root = resolve(__dirname, "..");
const rooms = ["audio", "live", "nodes", "simulator"].map((room) => join(root, room, "/"));

/** Returns the exports of the module at `path` (from the project's root) as if it and the rooms had not been loaded before. */
export function fresh<Exports>(path: string): Exports {
  const file = require.resolve(join(root, path));
  const isFresh = (loaded: string) => loaded === file || rooms.some((room) => loaded.startsWith(room));
  const before = Object.entries(require.cache).filter(([loaded]) => isFresh(loaded));
  for (const [loaded] of before) delete require.cache[loaded];
  try {
    return require(file) as Exports;
  } finally {
    for (const loaded of Object.keys(require.cache).filter(isFresh)) delete require.cache[loaded];
    for (const [loaded, module] of before) require.cache[loaded] = module;
  }
}
