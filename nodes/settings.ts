// Reads raw editor values: each setting is checked once, and a bad one is an error that names it.

import { InputError } from "../live/server/errors";

/** A number setting; "" and undefined give `fallback`. Throws an InputError outside `min` to `max`. */
export function numberSetting<T>(
  name: string,
  value: unknown,
  min: number,
  max: number,
  fallback: T,
): number | T {
  if (value === "" || value === undefined || value === null) return fallback;
  const number = Number(value);
  if (Number.isFinite(number) && number >= min && number <= max) return number;
  throw new InputError(
    `The setting "${name}" must be a number from ${min} to ${max}; it is ${JSON.stringify(value)}.`,
  );
}

/** A number as {@link numberSetting} reads it, from 0 and without a fraction. */
export function wholeSetting(name: string, value: unknown, max: number, fallback: number): number {
  const number = numberSetting(name, value, 0, max, fallback);
  if (Number.isInteger(number)) return number;
  throw new InputError(`The setting "${name}" must be a whole number; it is ${number}.`);
}

/** A setting that is one of some words; "" and undefined give the first of them. */
export function choiceSetting<T extends string>(
  name: string,
  value: unknown,
  choices: readonly [T, ...T[]],
): T {
  if (value === "" || value === undefined || value === null) return choices[0];
  if ((choices as readonly unknown[]).includes(value)) return value as T;
  throw new InputError(
    `The setting "${name}" must be one of ${choices.filter(Boolean).join(", ")}; it is ${JSON.stringify(value)}.`,
  );
}

export { refuseEverything } from "./settings/refuse";
