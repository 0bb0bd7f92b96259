// One chaos run: a real Node-RED with this package between devices and a far end, faults for a while, a quiet end, and the invariants.

import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { randomBelow } from "../audio/tone";
import { tab } from "../flow-node";
import { deploy, type EditorNews, listenAsEditor, type NodeRed } from "../node-red";
import { startPlainNodeRed } from "../plain-node-red";
import { Device } from "./devices";
import { FarEnd } from "./far-end";
import { FAULTS, plan, type Stage } from "./faults";
import { type Changes, chaosFlow } from "./flow";
import { Ledger } from "./ledger";
import { Observer, type ProcessState } from "./observer";

/** Something that was seen, and when: milliseconds since 1970. */
export type Fact = { at: number; kind: string } & Record<string, unknown>;

export interface ChaosOptions {
  seed: number;
  devices: number;
  /** Milliseconds with faults. */
  faultsMs: number;
  /** Called with a line about how it goes. */
  onProgress?(line: string): void;
  /** Called with everything that was seen: for a trace in which to look for the cause of what is broken. */
  onFact?(fact: Fact): void;
}

export interface ChaosReport {
  /** How often each fault happened. */
  faults: Record<string, number>;
  texts: number;
  /** Frames of sound that the devices got. */
  frames: number;
  connections: number;
  counts: Ledger["counts"];
  /** Milliseconds from the end of the last fault until the last device had an answer. */
  backAfterMs: number;
  /** Of the event loop of Node-RED or the runner. */
  longestDelayMs: number;
  /** Megabytes, before the faults and after them. */
  heapMb: [number, number];
  broken: string[];
}

/** Milliseconds within which every device has an answer after the last fault. */
const BACK_MS = 5_000;
const WARM_UP_MS = 2_000;
/** So many broken invariants end a run. */
const ENOUGH = 100;

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, devices: count, onFact } = options;
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const ledger = new Ledger();
  const end = await FarEnd.start(ledger, randomBelow(seed + 1));
  const observer = await Observer.listen((seen) => {
    ledger.note(seen);
    onFact?.(seen);
  });
  const nodeRed = await startPlainNodeRed(observer.settings, [tab()]);
  const news = await listenAsEditor(nodeRed.url);
  const deviceOf = (n: number) => new Device(n, nodeRed.url, ledger, randomBelow(seed + 100 + n));
  const devices = Array.from({ length: count }, (_, n) => deviceOf(n + 1));
  const deploys = new Deploys(nodeRed, news, ledger, end.port);
  try {
    const before = await warmUp(deviceOf(0), deploys, observer);
    for (const device of devices) device.start();
    await sleep(WARM_UP_MS);
    delay.enable();
    const stage = { end, devices, deploy: deploys.begin };
    const { faults, overAt } = await doHarm(options, stage, ledger, nodeRed);
    await deploys.done;
    await sleep(Math.max(0, overAt - ledger.now()));

    const { backAfterMs, away } = await untilAllBack(devices);
    for (const device of devices) device.stop();
    const broken: string[] = [];
    if (!(await until(() => end.openSockets === 0, BACK_MS)))
      broken.push(`${end.openSockets} connections to the far end are left`);
    const { unfinished, longestDelayMs: nodeRedMs } = await observer.state();
    const longestDelayMs = Math.max(nodeRedMs, delay.max / 1e6);
    if (backAfterMs > BACK_MS + longestDelayMs || away.length)
      broken.push(
        `the last device was back after ${backAfterMs} ms; not at all: ${away.join(", ") || "none"}`,
      );
    for (const { count, about } of unfinished)
      broken.push(`a message was completed ${count > 0 ? "never" : "twice"}: ${about}`);
    await deploys.empty();
    const { after, more } = await whatIsLeft(observer, before);
    const warnings = nodeRed
      .output()
      .matchAll(/Texts without an answer when the live session was closed: (\d+)/g);
    const warned = [...warnings].reduce((sum, [, texts]) => sum + Number(texts), 0);
    broken.push(...more, ...ledger.check(end.lines, warned, longestDelayMs));
    for (const { device, acceptedAt, closedAt, sound } of end.lines)
      onFact?.({ at: acceptedAt!, kind: "connection", session: device, closedAt, sound });
    return {
      faults,
      texts: ledger.texts.size,
      frames: devices.reduce((sum, { frames }) => sum + frames, 0),
      connections: end.lines.length,
      counts: ledger.counts,
      backAfterMs,
      longestDelayMs,
      heapMb: [before.heapMb, after.heapMb],
      broken,
    };
  } catch (error) {
    if (!nodeRed.hasEnded()) throw error;
    throw new Error(`Node-RED has ended:\n${nodeRed.output().slice(-3_000)}`);
  } finally {
    delay.disable();
    for (const device of devices) device.stop();
    news.close();
    await nodeRed.stop();
    observer.close();
    await end.close();
  }
}

/** The deploys of a run, one after the other. */
class Deploys {
  readonly #nodeRed: NodeRed;
  readonly #news: EditorNews;
  readonly #ledger: Ledger;
  readonly #port: number;
  #changes: Changes = {};
  /** Settled when the last one is done. */
  done = Promise.resolve();

  constructor(nodeRed: NodeRed, news: EditorNews, ledger: Ledger, port: number) {
    this.#nodeRed = nodeRed;
    this.#news = news;
    this.#ledger = ledger;
    this.#port = port;
  }

  readonly begin: Stage["deploy"] = (kind, changes) => {
    this.done = this.done.then(async () => {
      const from = this.#ledger.now();
      this.#changes = { ...this.#changes, ...changes };
      await deploy(this.#nodeRed, this.#news, chaosFlow(this.#port, this.#changes), kind);
      this.#ledger.pauses.push({ from, to: this.#ledger.now() });
    });
  };

  async empty() {
    await this.done;
    await deploy(this.#nodeRed, this.#news, [tab()], "full");
  }
}

/** Has a first conversation, which loads what stays loaded. Returns what is in the process without a flow, and deploys the flow. */
async function warmUp(device: Device, deploys: Deploys, observer: Observer): Promise<ProcessState> {
  deploys.begin("full", {});
  await deploys.done;
  device.start();
  await until(() => device.answered > 0, 4 * BACK_MS);
  device.stop();
  await deploys.empty();
  await sleep(500);
  const state = await observer.state();
  deploys.begin("full", { note: "chaos" });
  await deploys.done;
  return state;
}

/** Does what is planned. Returns how often each fault happened, and when the last one is over. */
async function doHarm(
  { seed, devices: count, faultsMs, onProgress, onFact }: ChaosOptions,
  stage: Stage,
  ledger: Ledger,
  nodeRed: NodeRed,
) {
  const { end, devices } = stage;
  const faults: Record<string, number> = {};
  const begin = ledger.now();
  let overAt = begin;
  let nextReport = begin;
  for (const { atMs, kind, device: n, seed: own } of plan(randomBelow(seed), count, faultsMs)) {
    const now = ledger.now();
    await sleep(Math.max(0, begin + atMs - now));
    if (nodeRed.hasEnded()) throw new Error("Node-RED has ended.");
    if (ledger.broken.length >= ENOUGH) break;
    if (now > nextReport) {
      onProgress?.(`${Math.round(atMs / 1_000)} of ${faultsMs / 1_000} s, ${ledger.texts.size} texts`);
      nextReport += 5_000;
    }
    const device = devices[n]!;
    const line = end.lineOf(device.name);
    if (!line) continue;
    faults[kind] = (faults[kind] ?? 0) + 1;
    onFact?.({ at: now, kind, session: device.name });
    const ms = FAULTS[kind]!(device, line, randomBelow(own), stage) ?? 0;
    overAt = Math.max(overAt, ledger.now() + ms);
  }
  end.setupFaults.length = end.resumeFaults.length = end.handshakeFaults.length = 0;
  return { faults, overAt };
}

/** Each device says a text, and waits for an answer. Returns after how many milliseconds the last one had it. */
async function untilAllBack(devices: readonly Device[]): Promise<{ backAfterMs: number; away: string[] }> {
  const overAt = performance.now();
  const first = new Map<Device, number>();
  const isBack = (device: Device) => device.answered >= (first.get(device) ?? Number.POSITIVE_INFINITY);
  await until(() => {
    for (const device of devices) {
      const text = first.has(device) ? undefined : device.say();
      if (text) first.set(device, text);
    }
    return devices.every(isBack);
  }, 4 * BACK_MS);
  const away = devices.filter((device) => !isBack(device)).map(({ name }) => name);
  return { backAfterMs: Math.round(performance.now() - overAt), away };
}

/** Waits until no more is left in the process than before. */
async function whatIsLeft(observer: Observer, before: ProcessState) {
  let after = before;
  let more: string[] = [];
  await until(async () => {
    after = await observer.state();
    more = Object.entries(after.left)
      .filter(([kind, count]) => count > (before.left[kind] ?? 0))
      .map(([kind, count]) => `left in the process: ${count} × ${kind}, before: ${before.left[kind] ?? 0}`);
    return more.length === 0;
  }, 3 * BACK_MS);
  return { after, more };
}

/** Waits until something is so. Returns whether it came to be in time. */
async function until(isSo: () => boolean | Promise<boolean>, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline) {
    if (await isSo()) return true;
    await sleep(20);
  }
  return false;
}
