// Says whether a frame has a shape that the corpus holds.

import type { Entry } from "./entry";

/** Fields whose keys are the application's own, or a JSON Schema. */
const OPEN = /\.(args|response|parameters|parametersJsonSchema|labels)$/;

/** The names for types of JSON. */
const typeOf = (value: unknown) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);
const isObject = (value: unknown): value is Record<string, unknown> => typeOf(value) === "object";

/**
 * Compares a frame with the frames of the corpus, by kind, keys and types of values. The values of strings are open, as the
 * server's enums are.
 * - At the top, the frame has the keys of one frame of the corpus. `usageMetadata` may stand beside any of them (ai.google.dev/api/live).
 * - Below, each object has no more keys than one object that the corpus has at its path, and has those that all of them have.
 * @returns what is wrong at the first path, or undefined
 */
export function misfit(frame: unknown, corpus: readonly Entry[]): string | undefined {
  const frames = corpus.map((entry) => entry.frame as Record<string, unknown>);
  if (!isObject(frame)) return `the frame is ${typeOf(frame)}, not an object`;
  const keys = kindsOf(frame);
  const unknown = Object.keys(frame).find((key) => !frames.some((each) => key in each));
  if (unknown) return `${unknown}: no frame of the corpus has it`;
  if (!frames.some((each) => kindsOf(each) === keys))
    return `${Object.keys(frame).join(" + ")}: no frame of the corpus has this and no other key`;
  return firstOf(Object.keys(frame), (key) => compare(frame[key], at(key, frames), key));
}

/** The keys of a frame that say what it is about. */
const kindsOf = (frame: object) =>
  Object.keys(frame)
    .filter((key, _, all) => key !== "usageMetadata" || all.length === 1)
    .sort()
    .join(" ");

function compare(value: unknown, examples: readonly unknown[], path: string): string | undefined {
  const alike = examples.filter((each) => typeOf(each) === typeOf(value));
  if (!alike.length)
    return `${path}: ${typeOf(value)}, in the corpus ${[...new Set(examples.map(typeOf))].join(" or ")}`;
  if (Array.isArray(value)) {
    const items = alike.flat();
    return firstOf([...value.keys()], (index) => compare(value[index], items, `${path}[${index}]`));
  }
  if (!isObject(value) || OPEN.test(path)) return undefined;
  const objects = alike.filter(isObject);
  const keys = Object.keys(value);
  const unknown = keys.find((key) => !objects.some((each) => key in each));
  if (unknown) return `${path}.${unknown}: the corpus has no such key`;
  const missing = Object.keys(objects[0]!).find(
    (key) => !(key in value) && objects.every((each) => key in each),
  );
  if (missing) return `${path}.${missing}: missing, in the corpus it is always there`;
  if (!objects.some((each) => keys.every((key) => key in each)))
    return `${path}: the corpus never has ${keys.join(" + ")} together`;
  return firstOf(keys, (key) => compare(value[key], at(key, objects), `${path}.${key}`));
}

/** What the objects have under a key. */
const at = (key: string, objects: readonly Record<string, unknown>[]) =>
  objects.filter((each) => key in each).map((each) => each[key]);

/** The first answer that is not undefined. */
function firstOf<T>(items: readonly T[], ask: (item: T) => string | undefined) {
  for (const item of items) {
    const answer = ask(item);
    if (answer) return answer;
  }
  return undefined;
}
