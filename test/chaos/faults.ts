// The faults of a chaos run: what there is, and which of them come when, as a seed decides.

import type { Device } from "./devices";
import type { FarEnd, Line } from "./far-end";
import type { Changes } from "./flow";

/** What the faults of a run act on. */
export interface Stage {
  end: FarEnd;
  devices: readonly Device[];
  /** Deploys the flow with changes. */
  deploy(kind: "full" | "flows" | "nodes", changes: Changes): void;
}

type Random = (bound: number) => number;

/** Does what it does to a device or its connection. Returns for how many milliseconds, if it takes time. */
type Fault = (device: Device, line: Line, random: Random, stage: Stage) => number | undefined;

const pick = <T>(random: Random, choices: readonly T[]): T => choices[random(choices.length)]!;

/** Codes and reasons of docs/live-api.md 1.6 after which a conversation is resumed, begins anew, or gives up until its next text. */
const CLOSES: readonly [number, string][] = [
  [1000, "The operation was cancelled."],
  [1007, "Request contains an invalid argument."],
  [1008, "The operation was aborted."],
  [1008, "BidiGenerateContent session not found"],
  [1011, "Internal error encountered."],
  [1011, "The service is currently unavailable."],
  [1011, "Deadline expired before operation could complete."],
  [1012, ""],
];

/** Frames that are no JSON, or have another shape than any frame of the server. */
const GARBAGE: readonly (string | Buffer | object)[] = [
  "",
  "{",
  "null",
  "[[]]",
  "5",
  Buffer.from([0, 255, 254, 1]),
  Buffer.from("\uFEFF{}"),
  `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  { serverContent: 5, toolCall: "now", goAway: [], usageMetadata: "many" },
  { serverContent: { modelTurn: { parts: [null, 5, [], { inlineData: 1 }, { text: [] }] } } },
  { serverContent: { outputTranscription: { text: 5, words: [null] } } },
  {
    toolCall: {
      functionCalls: [null, {}, { id: "", name: "" }, { id: 5, name: "nobody", args: [] }],
    },
  },
  { toolCallCancellation: { ids: [5, null, ""] } },
  { sessionResumptionUpdate: { newHandle: 5, resumable: "yes" } },
  { usageMetadata: { totalTokenCount: -5, promptTokenCount: -5, promptTokensDetails: [{ tokenCount: -1 }] } },
  { error: { message: "x".repeat(10_000) } },
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
];

/** Frames of a right shape at a wrong time, twice, or with more in them than ever. */
const ODD: readonly object[][] = [
  [{ setupComplete: {} }],
  [{}],
  [{ serverContent: {} }],
  [{ serverContent: { turnComplete: true } }, { serverContent: { turnComplete: true } }],
  [{ serverContent: { generationComplete: true } }, { serverContent: { generationComplete: true } }],
  [{ serverContent: { turnComplete: true, turnCompleteReason: "SOMETHING_NEW", waitingForInput: true } }],
  [{ toolCallCancellation: { ids: ["call_nobody_made", "call_nobody_made"] } }],
  [{ sessionResumptionUpdate: { newHandle: "", resumable: false } }],
  [{ interactionStatus: "IDLE", serverContent: { interactionStatus: "IDLE" } }],
  [{ somethingNew: { deep: [{ er: true }] }, serverContent: { something: "new" } }],
  [
    { voiceActivity: { type: "ACTIVITY_START", audioOffset: "0.280s" } },
    { voiceActivity: { type: "ACTIVITY_END" } },
  ],
];

/** Messages of the flow that are errors, as the source of their properties. */
const ODD_MESSAGES: readonly string[] = [
  "{ payload: undefined }",
  "{ payload: null }",
  "{ payload: 5n }",
  "{ payload: Symbol('odd') }",
  "{ payload: () => 1 }",
  "{ payload: {} }",
  "{ payload: [] }",
  "{ payload: [null, 5, { role: 'user' }] }",
  "{ payload: '' }",
  "{ payload: { parts: [{ inlineData: { mimeType: 'image/png', data: {} } }] } }",
  "(() => { const parts = [{ functionCall: {} }]; parts[0].functionCall.args = parts; return { payload: { parts } } })()",
  "{ payload: Buffer.alloc(3) }",
  "{ payload: Buffer.alloc(0) }",
  "{ payload: Buffer.alloc(5 * 1024 * 1024) }",
  "{ payload: Buffer.alloc(2), mimeType: 'video/mp4' }",
  "{ payload: Buffer.alloc(2), mimeType: { toString: 5 } }",
  "{ action: 'explode' }",
  "{ action: {} }",
  "{ action: 'update' }",
  "{ action: 'connect', payload: { voice: {}, nothing: 5n } }",
  "{ action: 'activityStart' }",
  "{ payload: 'a text', session: {} }",
  "{ payload: 'a text', session: [] }",
  "{ status: {}, payload: undefined, _session: 5 }",
];

/** What a flow may ask for at any time. */
const ACTIONS: readonly object[] = [
  { action: "connect" },
  { action: "connect", payload: { temperature: 1 } },
  { action: "update", payload: "Speak slowly." },
  { action: "usage" },
  { action: "interrupt" },
  { action: "audioStreamEnd" },
  { action: "reset" },
  { action: "disconnect" },
];

const DEPLOYS: readonly ["full" | "flows" | "nodes", (random: Random) => Changes][] = [
  ["nodes", (random) => ({ note: `${random(1_000_000)}` })],
  ["nodes", (random) => ({ instruction: `Speak like number ${random(1_000_000)}.` })],
  ["nodes", (random) => ({ toolDescription: `Looks up number ${random(1_000_000)}.` })],
  ["nodes", (random) => ({ connectTimeoutSeconds: 2 + random(1_000) / 1_000 })],
  ["flows", (random) => ({ note: `${random(1_000_000)}` })],
  ["full", () => ({})],
];

const HUGE_BYTES = 6 * 1024 * 1024;

export const FAULTS: Record<string, Fault> = {
  "cut without a close frame": (_device, line) => {
    line.cut();
  },
  "close frame": (_device, line, random) => {
    line.close(...pick(random, CLOSES));
  },
  freeze: (_device, line, random) => hold(line, 500 + random(4_000), true),
  "paused reader": (_device, line, random) => hold(line, 500 + random(4_000), false),
  garbage: (_device, line, random) => {
    line.send(pick(random, GARBAGE));
  },
  "odd or duplicate frames": (_device, line, random) => {
    for (const frame of pick(random, ODD)) line.send(frame);
  },
  "huge frame": (_device, line, random) => {
    const huge = "x".repeat(HUGE_BYTES);
    line.send(
      pick<object>(random, [
        { huge },
        { serverContent: { turnComplete: huge } },
        { goAway: { timeLeft: huge } },
      ]),
    );
  },
  goAway: (_device, line, random) => {
    const seconds = random(4);
    line.send({ goAway: { timeLeft: `${seconds}s` } });
    setTimeout(() => {
      if (line.isOpen) line.close(1011, "Deadline expired before operation could complete.");
    }, 1_000 * seconds);
    return 1_000 * seconds;
  },
  "barge-in": (_device, line) => {
    line.interrupt();
  },
  "refused resumes": (_device, line, random, { end }) => {
    const [code, reason] = pick<[number, string]>(random, [
      [1011, "Internal error encountered."],
      [1008, "BidiGenerateContent session not found"],
      [1007, "Invalid session handle"],
    ]);
    for (let n = 1 + random(2); n > 0; n--) end.resumeFaults.push((next) => next.close(code, reason));
    line.cut();
  },
  "failing setups": (_device, line, random, { end }) => {
    for (let n = 1 + random(2); n > 0; n--) end.setupFaults.push(pick(random, FAILING_SETUPS));
    line.cut();
  },
  "slow setups": (_device, line, random, { end }) => {
    const ms = random(1_800);
    for (let n = 1 + random(3); n > 0; n--) end.setupFaults.push((next, accept) => next.later(ms, accept));
    line.cut();
    return ms;
  },
  "failing handshakes": (_device, line, random, { end }) => {
    const busy = random(2) === 0;
    end.handshakeFaults.push((socket) =>
      busy ? socket.end("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n") : socket.destroy(),
    );
    line.cut();
  },
  "device drops": (device) => {
    device.drop();
  },
  "odd message": (device, _line, random) => {
    device.send({ odd: `(${pick(random, ODD_MESSAGES)})` });
  },
  "stop button": (device) => {
    device.send({ stop: true });
  },
  action: (device, _line, random) => {
    device.send(pick(random, ACTIONS));
  },
  deploy: (_device, _line, random, { deploy }) => {
    const [kind, changes] = pick(random, DEPLOYS);
    deploy(kind, changes(random));
  },
};

const FAILING_SETUPS: readonly ((line: Line) => void)[] = [
  (line) => line.close(1011, "The service is currently unavailable."),
  (line) => line.cut(),
  (line) => line.send("no JSON"),
  () => {}, // No answer at all.
];

function hold(line: Line, ms: number, silent: boolean) {
  line.hold(ms, silent);
  return ms;
}

/** A fault that delays connections longer than the others: none comes in the last part of a run, because waits between attempts grow. */
const SLOW = ["refused resumes", "failing setups", "slow setups", "failing handshakes"];
const RARE: Record<string, number> = { "huge frame": 4, deploy: 12 };

/** One fault of a plan: when, counted from the begin, on which device, and with which seed for its details. */
export interface Planned {
  atMs: number;
  kind: string;
  device: number;
  seed: number;
}

/** The faults of a run, the first one first: each device meets one about every five seconds. */
export function plan(random: Random, devices: number, ms: number): Planned[] {
  const kinds = Object.keys(FAULTS);
  const planned: Planned[] = [];
  for (let atMs = 0; atMs < ms; atMs += 1 + random(Math.ceil(10_000 / devices))) {
    const [kind, device, seed] = [pick(random, kinds), random(devices), random(2 ** 30)];
    const isLate = SLOW.includes(kind) && ms - atMs < Math.min(10_000, ms / 2);
    if (!isLate && random(RARE[kind] ?? 1) === 0) planned.push({ atMs, kind, device, seed });
  }
  return planned;
}
