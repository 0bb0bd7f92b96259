// Checks faults that come from a file or from a caller, and says what is wrong with which fault.

import type { FunctionCall } from "../protocol/function-declarations";
import { type Fault, moments } from "./fault-types";

interface Rule {
  fits: (value: unknown) => boolean;
  /** Completes "must be …". */
  be: string;
  optional?: true;
}

const MAX_INT = 2 ** 31 - 1;
/** Close codes that a close frame may have (RFC 6455, 7.4, and its registry). */
const isCloseCode = (code: number) =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);

const oneOf = (names: readonly string[]): Rule => ({
  fits: (value) => names.includes(value as string),
  be: `one of ${names.join(", ")}`,
});
const whole = (least: number, most: number): Rule => ({
  fits: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  be: `a whole number from ${least} to ${most}`,
});
const milliseconds = whole(0, MAX_INT);

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isCall(value: unknown) {
  if (!isObject(value)) return false;
  const { name, args = {}, ...rest } = value as Partial<FunctionCall>;
  return typeof name === "string" && isObject(args) && Object.keys(rest).length === 0;
}

const kinds: Record<Fault["do"], Record<string, Rule>> = {
  cut: {},
  close: {
    code: {
      fits: (value) => Number.isInteger(value) && isCloseCode(value as number),
      be: "a close code that a server can send, such as 1007, 1008 or 1011",
    },
    reason: { fits: (value) => typeof value === "string", be: "a string", optional: true },
  },
  freeze: {},
  slow: { forMs: milliseconds },
  garbage: {},
  goAway: { timeLeftMs: milliseconds },
  silence: {},
  mute: {},
  forget: {},
  refuseHandshake: { status: whole(400, 599) },
  call: {
    calls: {
      fits: (value) => Array.isArray(value) && value.length > 0 && value.every(isCall),
      be: 'a list of calls such as [{ "name": "get_weather", "args": { "city": "Berlin" } }]',
    },
  },
  cancel: {},
  reissue: {},
};

/** Everything that a fault can do, each with the names of its fields. */
export const actions: Readonly<Record<Fault["do"], string[]>> = Object.assign(
  {},
  ...Object.entries(kinds).map(([name, fields]) => ({ [name]: Object.keys(fields) })),
);

const common: Record<string, Rule> = {
  at: oneOf(moments),
  do: oneOf(Object.keys(kinds)),
  connection: { ...whole(1, MAX_INT), optional: true },
  resumed: { fits: (value) => typeof value === "boolean", be: "true or false", optional: true },
  afterMs: { ...milliseconds, optional: true },
  times: { ...whole(1, MAX_INT), optional: true },
};

/** The fields that exclude each other. @returns undefined if there are none */
function contradiction({ at, do: what, resumed, afterMs, times }: Fault) {
  if (what === "refuseHandshake" && (at !== "handshake" || afterMs))
    return `"refuseHandshake" needs "at": "handshake" and no "afterMs"`;
  if (at === "handshake" && !["refuseHandshake", "cut", "freeze"].includes(what))
    return `"at": "handshake" allows only "refuseHandshake", "cut" and "freeze"`;
  if (at === "handshake" && resumed !== undefined)
    return `"resumed" is unknown at "handshake"; use "connection" or a later moment`;
  if (at === "setup" && ["mute", "call", "cancel", "reissue"].includes(what))
    return `"${what}" is not possible at "setup"; use "ready" or a later moment`;
  if (at === "now" && times !== undefined) return `"times" is not possible with "at": "now"`;
  return undefined;
}

function problem(value: unknown): string | undefined {
  if (!isObject(value)) return "must be an object";
  const fault = value as Record<string, unknown>;
  const rules = { ...common, ...(Object.hasOwn(kinds, String(fault.do)) && kinds[fault.do as "cut"]) };
  for (const name of Object.keys(fault))
    if (!Object.hasOwn(rules, name)) return `unknown field "${name}"; use ${Object.keys(rules).join(", ")}`;
  for (const [name, { fits, be, optional }] of Object.entries(rules))
    if (fault[name] === undefined ? !optional : !fits(fault[name]))
      return `"${name}" must be ${be}; it is ${JSON.stringify(fault[name]) ?? "missing"}`;
  return contradiction(value as Fault);
}

/**
 * Checks a list of faults.
 * @param value anything, such as the parsed content of a file
 * @throws Error that names the fault, counted from 1, and its mistake
 */
export function checkFaults(value: unknown): Fault[] {
  if (!Array.isArray(value)) throw new Error("The script must be a JSON list of faults.");
  for (const [index, fault] of value.entries()) {
    const wrong = problem(fault);
    if (wrong) throw new Error(`Fault ${index + 1}: ${wrong}.`);
  }
  return value as Fault[];
}

/**
 * Checks a script: faults that a simulator starts with.
 * @throws Error like {@link checkFaults}, and for the moment "now"
 */
export function checkScript(value: unknown): Fault[] {
  const faults = checkFaults(value);
  const now = faults.findIndex(({ at }) => at === "now");
  if (now >= 0) throw new Error(`Fault ${now + 1}: "at": "now" is only possible while the simulator runs.`);
  return faults;
}
