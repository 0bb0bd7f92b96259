// What can be ordered to go wrong or to be done, and when: the shape of a fault, and the check of faults that come from a
// file.

import type { FunctionCall } from "../protocol/function-declarations";

/** Points in the life of a connection to which a fault can be tied. */
const moments = [
  /** The request for a WebSocket has come; nothing was answered. */
  "handshake",
  /** The setup was taken; setupComplete would come 260 ms later. */
  "setup",
  /** setupComplete was sent; the first resumption handle comes 118 ms later, after a resume 1 ms later. */
  "ready",
  /** The server notices that the user begins to speak, or has received a text that wants an answer. */
  "userSpeaking",
  /**
   * The user's turn is over and the answer will come; again if the user goes on after a short pause, and when the model is
   * about to speak of what functions returned.
   */
  "thinking",
  /** The first sound of an answer was sent. */
  "modelSpeaking",
  /** Functions were called; the calls were sent. */
  "toolCall",
  /** A turn is over; turnComplete was sent. */
  "turnComplete",
  /** At once, on every connection that is open: only for faults that are ordered while the simulator runs. */
  "now",
] as const;

/** See the comments of the list above. */
export type Moment = (typeof moments)[number];

/** What goes wrong. Times in ms. */
export type Failure =
  /** The TCP connection ends without a close frame. */
  | { do: "cut" }
  /** The server closes the WebSocket. */
  | { do: "close"; code: number; reason?: string }
  /** Nothing more is read, answered or sent, not even a pong or a close frame; the connection stays open. */
  | { do: "freeze" }
  /** Nothing is read for this long, so that the client's buffers fill; what the server sends still comes. */
  | { do: "slow"; forMs: number }
  /** A frame that is not JSON; then everything goes on. */
  | { do: "garbage" }
  /** The server announces the end, and closes with 1008 when the client has not closed by then. */
  | { do: "goAway"; timeLeftMs: number }
  /** The answer never comes: no frame at all until the user's next turn. */
  | { do: "silence" }
  /** The handshake is answered with this HTTP status. */
  | { do: "refuseHandshake"; status: number };

/** What the model is made to do with functions. */
export type Deed =
  /**
   * Calls them, all in one frame: at "thinking" in place of the answer, at any other moment as soon as it is the model's
   * turn. They need not be declared, and the arguments need not fit.
   */
  | { do: "call"; calls: readonly FunctionCall[] }
  /** Withdraws all calls that are pending; a turn that waits for them is interrupted. */
  | { do: "cancel" }
  /** Repeats the pending blocking calls under new ids; those under the old ids may still be answered. */
  | { do: "reissue" };

/** One thing that goes wrong or is done, as plain JSON. Several may be ordered for the same moment. */
export type Fault = (Failure | Deed) & {
  at: Moment;
  /** only on this connection, counted from 1 since the simulator was started, with those whose handshake was refused */
  connection?: number;
  /** true: only on connections that resume a conversation; false: only on those that begin one */
  resumed?: boolean;
  /** how long after the moment; absent: at once. Everything goes on meanwhile */
  afterMs?: number;
  /** how often; absent: once. `now` is for all open connections anyway */
  times?: number;
};

interface Rule {
  fits: (value: unknown) => boolean;
  /** The end of "must be …". */
  be: string;
  optional?: true;
}

const LONGEST = 2 ** 31 - 1;
/** Close codes that may stand in a frame (RFC 6455, 7.4, and the registry that it founds). */
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
const milliseconds = whole(0, LONGEST);

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
      be: "a close code that can be sent, such as 1007, 1008 or 1011",
    },
    reason: { fits: (value) => typeof value === "string", be: "a text", optional: true },
  },
  freeze: {},
  slow: { forMs: milliseconds },
  garbage: {},
  goAway: { timeLeftMs: milliseconds },
  silence: {},
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

const when: Record<string, Rule> = {
  at: oneOf(moments),
  do: oneOf(Object.keys(kinds)),
  connection: { ...whole(1, LONGEST), optional: true },
  resumed: { fits: (value) => typeof value === "boolean", be: "true or false", optional: true },
  afterMs: { ...milliseconds, optional: true },
  times: { ...whole(1, LONGEST), optional: true },
};

/** What makes no sense together; undefined when all of it does. */
function contradiction({ at, do: what, resumed, afterMs, times }: Fault) {
  if (what === "refuseHandshake" && (at !== "handshake" || afterMs))
    return `refuseHandshake is only possible at "handshake", without "afterMs"`;
  if (at === "handshake" && !["refuseHandshake", "cut", "freeze"].includes(what))
    return `at "handshake" only refuseHandshake, cut and freeze are possible`;
  if (at === "handshake" && resumed !== undefined)
    return `"resumed" is not known before "setup"; use "connection"`;
  if (at === "setup" && ["call", "cancel", "reissue"].includes(what))
    return `${what} is not possible before "ready"`;
  if (at === "now" && times !== undefined) return `"times" means nothing at "now"`;
  return undefined;
}

function problem(value: unknown): string | undefined {
  if (!isObject(value)) return "must be an object";
  const fault = value as Record<string, unknown>;
  const rules = { ...when, ...(Object.hasOwn(kinds, String(fault.do)) && kinds[fault.do as "cut"]) };
  for (const name of Object.keys(fault))
    if (!Object.hasOwn(rules, name))
      return `"${name}" is not known. It may have: ${Object.keys(rules).join(", ")}`;
  for (const [name, { fits, be, optional }] of Object.entries(rules))
    if (fault[name] === undefined ? !optional : !fits(fault[name]))
      return `"${name}" must be ${be}; it is ${JSON.stringify(fault[name]) ?? "missing"}`;
  return contradiction(value as Fault);
}

/**
 * Checks a list of faults.
 * @param value anything, such as the content of a JSON file
 * @throws Error that names the fault, counted from 1, and what is wrong with it
 */
export function checkFaults(value: unknown): Fault[] {
  if (!Array.isArray(value)) throw new Error("A script must be a list of faults.");
  for (const [index, fault] of value.entries()) {
    const wrong = problem(fault);
    if (wrong) throw new Error(`Fault ${index + 1}: ${wrong}.`);
  }
  return value as Fault[];
}

/**
 * Checks what a simulator is started with.
 * @throws Error like {@link checkFaults}, and for a fault that is for now
 */
export function checkScript(value: unknown): Fault[] {
  const faults = checkFaults(value);
  const now = faults.findIndex(({ at }) => at === "now");
  if (now >= 0)
    throw new Error(`Fault ${now + 1}: "now" is no moment to begin with, as nothing is connected.`);
  return faults;
}
