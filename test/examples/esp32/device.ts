// A device in the tests of the ESP32 examples: what it gets, and what holds over each protocol.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { cleanUp } from "../../clean-up";
import { examplePath } from "../../example-path";
import type { FlowNode } from "../../flow-node";
import type { Inbox } from "../../inbox";
import { listenAsEditor, post, startNodeRed } from "../../node-red";
import { chunksOf, correlation, silence, speech } from "../../speech";

/** A message to a device: sound, or a text. */
export interface Message {
  isSound: boolean;
  data: Buffer;
}

export interface Device {
  /** In the order in which they arrive. */
  messages: Inbox<Message>;
  /** Sends these frames, and what belongs around them. */
  say(frames: Buffer[]): void;
}

/** What a device sends of a question and the pause after it: 16 kHz mono PCM16 in frames of 40 ms. */
export const question = [...chunksOf(Buffer.concat([speech, silence(1_000)]), 1_280)];

/** Deploys an example in a real Node-RED, and waits until its live session is ready. */
export async function deployExample(name: string, change: (node: FlowNode) => FlowNode = (node) => node) {
  const nodeRed = await startNodeRed();
  cleanUp(() => nodeRed.stop());
  const news = await listenAsEditor(nodeRed.url);
  cleanUp(() => news.close());
  const file = examplePath(name);
  const flow = (JSON.parse(readFileSync(file, "utf8")) as FlowNode[]).map(change);
  const session = flow.find(({ type }) => type === "gemini-live-session")!.id;
  await post(nodeRed, "/flows", flow);
  await news.badges.next(({ node }) => node === session);
  /** Waits until the live session shows this. */
  const shows = (text: string) => news.badges.next((badge) => badge.node === session && badge.text === text);
  return { nodeRed, news, flow, shows };
}

export const soundOf = (messages: Message[]) =>
  Buffer.concat(messages.filter(({ isSound }) => isSound).map(({ data }) => data));

export const isFlush = ({ isSound, data }: Message) => !isSound && data.toString() === "flush";

/** Whether it is this event. */
const isEvent = (name: string) => (message: Message) =>
  !message.isSound && !isFlush(message) && JSON.parse(message.data.toString()).event === name;
export const isPlayed = isEvent("played");

/** Whether the same speech is in what a device has heard. */
export const hears = (messages: Message[]) => correlation(speech, 16_000, soundOf(messages), 24_000) > 0.9;

/** Interrupts the answer to a question with another one. Returns the messages before the flush and after it. */
export async function interruptWith(device: Device, frames: Buffer[]) {
  const { messages } = device;
  device.say(frames);
  // More than comes ahead of time: the device plays.
  for (let sounds = 0; sounds < 20; sounds++) await messages.next(({ isSound }) => isSound);
  device.say(frames);
  await messages.next(isFlush);
  await messages.next(isPlayed);
  const at = messages.items.findIndex(isFlush);
  return { before: messages.items.slice(0, at), after: messages.items.slice(at + 1) };
}

/** Asserts that an interrupted device got the beginning of one answer, and then only the whole other one. */
export function assertInterrupted({ before, after }: Awaited<ReturnType<typeof interruptWith>>) {
  assert.ok(soundOf(before).length > 0);
  assert.ok(!hears(before), "the first answer came in full");
  const begins = after.findIndex(isEvent("playing"));
  assert.equal(soundOf(after.slice(0, begins)).length, 0, "sound of the first answer came after the flush");
  assert.ok(hears(after));
  assert.equal(after.filter(isEvent("playing")).length, 1);
}

/** Asserts that every message of sound is PCM of this length, but the last of an answer. */
export function assertFrames(messages: Message[], ms: number) {
  const lengths = messages.filter(({ isSound }) => isSound).map(({ data }) => data.length);
  assert.ok(lengths.length > 20);
  for (const length of lengths.slice(0, -1)) assert.equal(length, 48 * ms);
}
