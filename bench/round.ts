// One round of the bench: devices talk through one program in the middle, and what that takes is measured.

import { setTimeout as delay } from "node:timers/promises";
import type { Child } from "./child";
import type { Devices } from "./devices";
import type { FarEnd } from "./far-end";
import type { Middle } from "./middles";
import { quantile } from "./stamp";

/** The ends of the bench, which all programs in the middle share. */
export interface Ends {
  farEnd: Child<FarEnd>;
  devices: Child<Devices>;
}

/** Percentages are of one core; delays are in milliseconds, and NaN where there is nothing to measure. */
export interface Figures {
  conversations: number;
  /** CPU of the program in the middle, and of it for each conversation. */
  cpu: number;
  cpuEach: number;
  /** CPU of the bench itself: of the busier one of its two processes. */
  cpuBench: number;
  /** From a device to the Live socket. */
  upP50: number;
  upP99: number;
  upMax: number;
  /** From the Live server to a device, or from when a chunk was due there if that is later. */
  backP50: number;
  backP99: number;
  backMax: number;
  /** From the server's `interrupted` to the flush at the device. */
  flushP99: number;
  /** Of the frames to the server, those that are 100 ms late or more, from 0 to 1. */
  lateShare: number;
  /** Bytes. */
  rss: number;
}

/** Milliseconds that new conversations talk before they are measured. */
const SETTLE_MS = 2_000;

/** Opens devices until there are `count`. They stay open. */
export const open = ({ devices }: Ends, { kind }: Middle, count: number) => devices.ask("open", kind, count);

/** @param interrupts whether the server interrupts each conversation once @param meanwhile is started when the measurement starts */
export async function measure(
  { farEnd, devices }: Ends,
  { child }: Middle,
  count: number,
  ms: number,
  {
    interrupts = false,
    meanwhile = async () => {},
  }: { interrupts?: boolean; meanwhile?: () => Promise<void> } = {},
): Promise<Figures> {
  const children = [child, farEnd, devices];
  const usages = () => Promise.all(children.map((each) => each.usage()));
  await delay(SETTLE_MS);
  await Promise.all([farEnd.ask("measured"), devices.ask("measured")]);
  const before = await usages();
  const start = performance.now();
  if (interrupts) await farEnd.ask("interrupt", ms * 0.8);
  await Promise.all([meanwhile(), delay(ms)]);
  const after = await usages();
  const took = performance.now() - start;
  const [up, down] = await Promise.all([farEnd.ask("measured"), devices.ask("measured")]);
  const [cpu = 0, ...bench] = after.map(({ cpuMs }, n) => (100 * (cpuMs - before[n]!.cpuMs)) / took);
  const interruptedAt = new Map(up.interruptions.map(({ device, at }) => [device, at]));
  const flushes = down.flushes.map(({ device, at }) => at - interruptedAt.get(device)!);
  return {
    conversations: count,
    cpu,
    cpuEach: cpu / count,
    cpuBench: Math.max(...bench),
    upP50: quantile(up.delays, 0.5),
    upP99: quantile(up.delays, 0.99),
    upMax: quantile(up.delays, 1),
    backP50: quantile(down.delays, 0.5),
    backP99: quantile(down.delays, 0.99),
    backMax: quantile(down.delays, 1),
    flushP99: interrupts ? quantile(flushes, 0.99) : Number.NaN,
    lateShare: up.delays.filter((delay) => delay >= 100).length / up.delays.length,
    rss: after[0]!.rss,
  };
}
