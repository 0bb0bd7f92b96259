// Odd values, and messages of a flow that are made of them.

import fc from "fast-check";

/** Values that refuse to be read, written or printed. */
const hostile = fc.constantFrom<() => unknown>(
  () => Symbol("odd"),
  () => () => 1,
  () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    return circular;
  },
  () => ({
    toString() {
      throw new Error("no text");
    },
    toJSON() {
      throw new Error("no JSON");
    },
  }),
  () => Object.create(null),
  () => JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "length": 5}'),
  () => new Proxy({}, { ownKeys: () => ["a", "b"], get: () => undefined }),
  () => Number.NaN,
  () => 5n,
  () => Buffer.alloc(1),
  () => new Uint16Array(3),
);

/** Anything that a property may be. */
export const anything = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
  },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 2, arbitrary: hostile.map((make) => make()) },
);

/** Half of the time one of the right values, else anything. */
export const oddly = <T>(...right: T[]): fc.Arbitrary<unknown> =>
  fc.oneof(fc.constantFrom(...right), anything);

const image = { inlineData: { mimeType: "image/png", data: Buffer.alloc(9) } };
const call = { id: "call_1", name: "look_up", node: "session", session: "a", tool: "tool" };

const PROPERTIES: Record<string, fc.Arbitrary<unknown>> = {
  payload: oddly<unknown>(
    Buffer.alloc(640),
    "a text",
    { parts: [{ text: "look" }, image] },
    [{ role: "user", text: "hello" }],
    { voice: "Puck" },
  ),
  mimeType: oddly(
    "audio/pcm;rate=16000",
    "audio/wav",
    "audio/pcmu",
    "audio/opus",
    "image/jpeg",
    "text/plain",
  ),
  action: oddly(
    ...["connect", "disconnect", "reset", "interrupt", "usage", "reply", "update", "mute", "unmute"],
    ...["activityStart", "activityEnd", "audioStreamEnd"],
  ),
  event: oddly(
    "interrupted",
    "generationComplete",
    "turnComplete",
    "playing",
    "played",
    "flush",
    "cancelled",
  ),
  session: oddly<unknown>("a", "b", 3, ""),
  _session: oddly<unknown>({ type: "websocket", id: "a" }, { type: "gemini-browser", id: "b" }),
  turn: oddly(1, 2),
  seq: oddly(1, 2, 70_000),
  toolCall: oddly<unknown>(call, { ...call, session: "nobody" }, { id: "call_1" }),
  scheduling: oddly("INTERRUPT", "WHEN_IDLE", "SILENT", ""),
  willContinue: oddly(true, false),
  turnComplete: oddly(true, false),
  whenIdle: oddly(true, false),
  // Node-RED itself ends with an error at some others (Flow.handleError).
  error: fc.constantFrom<unknown>({ message: "an error" }, { message: 5 }, {}, "an error", 5),
  status: oddly<unknown>({ event: "disconnect", _session: { id: "a" } }, {}),
  role: oddly("user", "model"),
  topic: fc.string(),
};

/** A message of a flow with some of the properties that our nodes read. */
export const oddMessage = fc.record(PROPERTIES, { requiredKeys: [] });
