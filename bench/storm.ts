// npm run bench -- --storm: what happens after an instance of Node-RED has died. Devices come back, the other instances claim their
// conversations and resume them. A simulation in steps of one millisecond: the same seed gives the same figures.

import { AFTER_CLOSE_MS, scattered, waitBefore } from "../live/connection/connection";
import { liveConfig } from "../nodes/settings/live-config";
import { LEASE_MS } from "../nodes/shared-store/ownership-script";
import { CLAIM_AGAIN_MS, PATIENCE_MS, RENEW_MS } from "../nodes/shared-store/shared-store";
import { quantile } from "./stamp";
import { markdown } from "./tables";

export interface Storm {
  /** Instances that live on. */
  instances: number;
  /** Conversations of the one that has died. */
  conversations: number;
  /** Milliseconds, at least and at most, after which a device comes back. */
  waitMs: readonly [number, number];
  /** Handshakes a second that the Live server accepts. Google names no such limit. */
  handshakes: number;
  /** As CLAIM_AGAIN_MS of the shared store. */
  againMs: number;
}

/** Milliseconds, but for the two rates. */
export interface Recovery {
  /** Of the device until its conversation continues, after it is back: half of them, 99 %, all. */
  p50: number;
  p99: number;
  max: number;
  /** Conversations whose attempts were all refused. */
  lost: number;
  /** A second, in the busiest 100 ms. */
  claims: number;
  attempts: number;
  /** The longest wait of sound for a core of an instance that opens conversations. */
  late: number;
}

/** Milliseconds of Redis for a claim, and of an instance for opening a conversation: assumed, of which 2.5 for TLS were measured. */
const CLAIM_CPU_MS = 0.05;
const OPEN_CPU_MS = 4;
/** Milliseconds until a resumed session is set up, and in which the server still takes the dead connection for open (docs/live-api.md 1.5). */
const SETUP_MS = 550;
const UNNOTICED_MS = 1_500;

/** Numbers from 0 to below 1 (mulberry32). */
function randomFrom(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What happens after the death of an instance, at the moment 0. */
export function storm(
  { instances, conversations, waitMs, handshakes, againMs }: Storm,
  seed: number,
): Recovery {
  const random = randomFrom(seed);
  const between = (least: number, most: number) => least + random() * (most - least);
  const events = new Map<number, (() => void)[]>();
  let waiting = 0;
  let now = 0;
  const at = (ms: number, happens: () => void) => {
    const tick = Math.max(now + 1, Math.ceil(ms));
    waiting += 1;
    if (events.get(tick)?.push(happens) === undefined) events.set(tick, [happens]);
  };
  /** All leases were renewed in one go, the last time up to RENEW_MS before. */
  const leaseEnds = LEASE_MS - between(0, RENEW_MS);
  const claimed: number[] = [];
  const attempted: number[] = [];
  const recovered: number[] = [];
  /** When each instance and Redis have done what there is to do. */
  const free = new Array<number>(instances).fill(0);
  let redisFree = 0;
  /** Handshakes that the server accepts at once: those of a tenth of a second. */
  let allowance = handshakes / 10;
  let late = 0;
  let lost = 0;

  const claim = (instance: number, back: number) => {
    claimed.push(now);
    redisFree = Math.max(now, redisFree) + CLAIM_CPU_MS;
    if (redisFree >= leaseEnds) return at(redisFree, () => resume(instance, back, 1));
    if (now - back > PATIENCE_MS) lost += 1;
    else at(redisFree + againMs * (1 + random()), () => claim(instance, back));
  };
  const resume = (instance: number, back: number, attempt: number) => {
    attempted.push(now);
    free[instance] = Math.max(now, free[instance]!) + OPEN_CPU_MS;
    late = Math.max(late, free[instance]! - now);
    if (allowance >= 1 && now >= UNNOTICED_MS) {
      allowance -= 1;
      recovered.push(free[instance]! + SETUP_MS - back);
      return;
    }
    const early = AFTER_CLOSE_MS[attempt - 1];
    const counted = attempt - AFTER_CLOSE_MS.length;
    const waitMs = early ? scattered(early, random()) : waitBefore(counted, random());
    if (counted === liveConfig.settings.reconnectAttempts.default) lost += 1;
    else at(now + waitMs, () => resume(instance, back, attempt + 1));
  };

  for (let n = 0; n < conversations; n++) {
    const back = between(...waitMs);
    at(back, () => claim(Math.floor(random() * instances), back));
  }
  for (; waiting > 0; now++) {
    allowance = Math.min(handshakes / 10, allowance + handshakes / 1_000);
    for (const happens of events.get(now) ?? []) {
      waiting -= 1;
      happens();
    }
    events.delete(now);
  }
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => quantile(recovered, share));
  return { p50: p50!, p99: p99!, max: max!, lost, claims: peak(claimed), attempts: peak(attempted), late };
}

/** The most in 100 ms, for a second. */
function peak(moments: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const ms of moments) counts.set(Math.floor(ms / 100), (counts.get(Math.floor(ms / 100)) ?? 0) + 1);
  return 10 * Math.max(0, ...counts.values());
}

/** When devices come back: as browser/socket.ts after its first loss, as docs/esp32/voice/voice.ino, and scattered more widely. */
export const WAITS = {
  "0.25 to 0.5 s, a page": [250, 500],
  "2 s, ESP32s": [2_000, 2_001],
  "0.25 to 2 s": [250, 2_000],
  "1 to 10 s": [1_000, 10_000],
} as const;
const AGAIN = [100, CLAIM_AGAIN_MS, 500];
const CASES = [
  { instances: 2, conversations: 100, handshakes: 1_000 },
  { instances: 2, conversations: 100, handshakes: 20 },
  { instances: 90, conversations: 1_000, handshakes: 100 },
];
const SEEDS = 20;

/** The table for several cases, waits of the devices and spreads: the worst of 20 seeds from this one on. */
export function stormReport(seed: number): string {
  const rows = CASES.flatMap(({ instances, conversations, handshakes }) =>
    Object.entries(WAITS).flatMap(([wait, waitMs]) =>
      AGAIN.map((againMs) => {
        const runs = Array.from({ length: SEEDS }, (_, n) =>
          storm({ instances, conversations, handshakes, waitMs, againMs }, seed + n),
        );
        const worst = (pick: (run: Recovery) => number) => Math.max(...runs.map(pick));
        const seconds = (pick: (run: Recovery) => number) => (worst(pick) / 1_000).toFixed(1);
        return [
          `${conversations} → ${instances}`,
          `${handshakes}`,
          wait,
          `${againMs}`,
          `${seconds(({ p50 }) => p50)} / ${seconds(({ p99 }) => p99)} / ${seconds(({ max }) => max)}`,
          `${worst(({ lost }) => lost)}`,
          `${worst(({ claims }) => claims)}`,
          `${worst(({ attempts }) => attempts)}`,
          worst(({ late }) => late).toFixed(0),
        ];
      }),
    ),
  );
  return markdown(
    [
      "conversations → instances",
      "handshakes a second that are accepted",
      "devices come back",
      "claims again after (ms)",
      "recovery p50 / p99 / all (s)",
      "lost",
      "claims a second",
      "handshakes a second",
      "sound late by (ms)",
    ],
    rows,
  );
}
