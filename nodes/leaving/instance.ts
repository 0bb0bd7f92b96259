// This instance of Node-RED, as far as it leaves gracefully: what its health path says, and what happens between a signal and the stop.

import type { NodeAPI } from "node-red";
import { type Clock, systemClock } from "../../audio/clock";
import type { Leaving } from "./leaving";
import { delaySignals } from "./signals";

/** Milliseconds between two looks whether everything is silent. */
const LOOK_MS = 50;
/** Milliseconds for which the flow has what comes at the end of an answer, such as its text. */
const END_MS = 500;

/** Those of the connections that leave gracefully, each with the milliseconds for which its answers may delay the stop. */
const connections = new Map<Leaving, number>();
/** Each tells whether a node still plays sound. */
const players = new Set<() => boolean>();
/** A signal has come: what a deploy starts until the stop leaves, too. */
let ends = false;
/** Node-RED stops its flows, and not to start others. */
let stops = false;
/** The flows that run. */
let running: unknown;
/** The health path is served: also while a deploy has closed the connections. */
let isServed = false;
const watched = new WeakSet<NodeAPI["events"]>();
let endDelay = () => {};

/** Whether one of the connections that leave gracefully leaves. */
export const isLeaving = () => ends || stops || [...connections.keys()].some(({ hasBegun }) => hasBegun);

/** A node plays sound that a stop would cut off. @returns a function that removes it */
export function addPlayer(isPlaying: () => boolean): () => void {
  players.add(isPlaying);
  return () => players.delete(isPlaying);
}

/** A connection leaves gracefully from now on. @param withinMs for which its answers may delay the stop @returns a function that ends that */
export function leaveGracefully(RED: NodeAPI, leaving: Leaving, withinMs: number): () => void {
  stops = false;
  isServed = true;
  watch(RED);
  if (!connections.size) endDelay = delaySignals(() => leave(systemClock));
  connections.set(leaving, withinMs);
  if (ends) leaving.begin(withinMs);
  return () => {
    connections.delete(leaving);
    if (!connections.size) endDelay();
  };
}

/** Answers `GET /gemini-live/health` if a connection leaves gracefully, until the end of the stop. */
export function serveHealth(RED: NodeAPI) {
  RED.httpNode?.get("/gemini-live/health", (_request, response, next) => {
    if (!isServed) return next();
    let count = 0;
    for (const { conversations } of connections.keys()) count += conversations;
    const status = isLeaving() ? "leaving" : "ok";
    response.set("Cache-Control", "no-store");
    response.status(status === "ok" ? 200 : 503).json({ status, conversations: count });
  });
}

/**
 * A deploy stops the flows to start others: it names those. A stop names the ones that run (Node-RED 4.1 and 5,
 * @node-red/runtime/lib/flows/index.js).
 */
function watch({ events }: NodeAPI) {
  if (watched.has(events)) return;
  watched.add(events);
  events.on("flows:started", ({ config }: { config: unknown }) => {
    running = config;
    isServed = connections.size > 0;
  });
  events.on("flows:stopping", ({ config }: { config: unknown }) => {
    stops = isServed && config === running;
  });
}

/** Resolves when all conversations have left and their sound was played, or when that takes too long. */
async function leave(clock: Clock) {
  const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
  ends = true;
  const end = clock.now() + Math.max(...connections.values());
  for (const [connection, withinMs] of connections) connection.begin(withinMs);
  const isBusy = () =>
    [...connections.keys()].some(({ conversations }) => conversations) ||
    [...players].some((isPlaying) => isPlaying());
  if (!isBusy()) return;
  while (isBusy() && clock.now() < end) await wait(LOOK_MS);
  await wait(END_MS);
}
