// Makes wrong frames of right ones: keys that are left out, of another type or of two frames, and sequences in another order.

import fc from "fast-check";
import { sequences } from "./sequences";
import { serverFrames } from "./server";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const right = fc.constantFrom(...serverFrames.map(({ frame }) => frame as Json));

/** Values for which nothing is where it was expected. */
const other = fc.constantFrom<Json>(
  null,
  false,
  true,
  0,
  -1.5,
  "",
  "text",
  "50s",
  [],
  [null],
  [[]],
  {},
  { a: 1 },
);

/** The paths of all values in a frame, those without further values too. */
function pathsIn(value: Json): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [];
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  return [...keys].flatMap((key) => [
    [key],
    ...pathsIn((value as Record<string | number, Json>)[key]!).map((path) => [key, ...path]),
  ]);
}

/** A copy in which the value at a path is another, or is left out. */
function changed(value: Json, [key, ...rest]: (string | number)[], to: Json | undefined): Json {
  const copy = structuredClone(value) as Record<string | number, Json>;
  if (rest.length) copy[key!] = changed(copy[key!]!, rest, to);
  else if (to !== undefined) copy[key!] = to;
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else delete copy[key!];
  return copy;
}

/** All keys of both; where both have an object, those of both objects. */
function merged(a: Json, b: Json): Json {
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return b;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) ? [...a, ...b] : b;
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(
    keys.map((key) => [key, key in a && key in b ? merged(a[key]!, b[key]!) : (a[key] ?? b[key])!]),
  );
}

/** One value of the frame, at a random path, is another or is left out. */
const damaged = (frames: fc.Arbitrary<Json>, to: fc.Arbitrary<Json | undefined>) =>
  fc.tuple(frames, fc.nat(), to).map(([frame, index, value]) => {
    const paths = pathsIn(frame);
    return paths.length ? changed(frame, paths[index % paths.length]!, value) : frame;
  });

const mixed = fc.oneof(
  right,
  fc.tuple(right, right).map(([a, b]) => merged(a, b)),
);
const one: fc.Arbitrary<Json[]> = fc
  .oneof(
    mixed,
    damaged(mixed, fc.constant(undefined)),
    damaged(mixed, other),
    damaged(damaged(mixed, other), other),
  )
  .map((frame) => [frame]);
const doubled = one.map((frames) => [...frames, ...frames]);
const disordered = fc
  .constantFrom(...sequences.map(({ steps }) => steps.filter(({ by }) => by === "server")))
  .chain((steps) => fc.shuffledSubarray(steps.map(({ frame }) => frame as Json)));

/** Up to so many frames, of which most are wrong in themselves or come at the wrong time. */
export const wrongFrames = (most: number): fc.Arbitrary<Json[]> =>
  fc
    .array(fc.oneof({ weight: 6, arbitrary: one }, doubled, disordered), { maxLength: most, size: "max" })
    .map((parts) => parts.flat().slice(0, most));
