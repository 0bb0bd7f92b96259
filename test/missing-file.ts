// Lets a file be missing for all code that reads it.

import fs from "node:fs";

type Read = (...parameters: unknown[]) => unknown;

/** Makes fs.readFile() and fs.readFileSync() fail for files of this name. Returns a function that ends it. */
export function hideFile(name: string): () => void {
  const { readFile, readFileSync } = fs;
  const hidingFrom =
    (read: unknown): Read =>
    (...parameters) => {
      if (!String(parameters[0]).endsWith(name)) return (read as Read)(...parameters);
      const error = new Error(`no such file: ${name}`);
      const callback = parameters.at(-1);
      if (typeof callback !== "function") throw error;
      callback(error);
    };
  Object.assign(fs, { readFile: hidingFrom(readFile), readFileSync: hidingFrom(readFileSync) });
  return () => Object.assign(fs, { readFile, readFileSync });
}
