// A conversation for a test: on a clock that the test drives, with everything that it tells in an inbox.

import { Conversation } from "../../live/conversation";
import type { ConversationEvent } from "../../live/events";
import type { Input } from "../../live/input/input";
import type { ConversationOptions } from "../../live/options";
import type { Server } from "../../live/server/server";
import type { Continuity, ConversationSettings } from "../../live/setup/setup";
import { TestClock } from "../clock";
import { Inbox } from "../inbox";
import "../environment";

export const settings: ConversationSettings = {
  model: "gemini-3.8-live",
  voice: "",
  language: "",
  instruction: "",
  temperature: undefined,
  thinkingLevel: "",
  thoughts: false,
  affectiveDialog: false,
  transcripts: { user: true, model: true },
  turnDetection: "automatic",
  detection: { start: "", end: "", silenceDurationMs: undefined, prefixPaddingMs: undefined },
  bargeIn: true,
  turnCoverage: "",
  singleTurn: false,
  googleSearch: false,
};

export const continuity: Continuity = {
  onConnectionLoss: "resume",
  reconnectAttempts: 4,
  compression: undefined,
  tokenBudget: 0,
  stallTimeoutMs: 0,
  onStall: "report",
};

/** A server that is let in to by the key `a-key`. */
export const serverAt = (baseUrl: string): Server => ({
  baseUrl,
  access: { by: "key", key: "a-key" },
  apiVersion: "v1beta",
  network: {},
});

export function optionsFor(url: string, clock = new TestClock()): ConversationOptions & { clock: TestClock } {
  return {
    settings,
    continuity,
    tools: () => [],
    server: async () => serverAt(url),
    connectTimeoutMs: 10_000,
    waiting: { messages: 100, soundMs: 30_000 },
    admit() {},
    clock,
    random: () => 0.5,
  };
}

type Event<T extends ConversationEvent["type"]> = Extract<ConversationEvent, { type: T }>;

export class Talk {
  readonly clock: TestClock;
  readonly conversation: Conversation;
  readonly events = new Inbox<ConversationEvent>();

  constructor(url: string, options: Partial<ConversationOptions> = {}, clock = new TestClock()) {
    this.clock = clock;
    this.conversation = new Conversation({ ...optionsFor(url, clock), ...options }, this.events.push);
  }

  /** Sends, and resolves or rejects as `done` is called. */
  send(input: Input): Promise<void> {
    const sent = new Promise<void>((resolve, reject) =>
      this.conversation.send(input, (error) => (error ? reject(error) : resolve())),
    );
    return this.clock.during(sent);
  }

  say(text: string, turnComplete = true) {
    return this.send({ kind: "text", text, turnComplete });
  }

  /** Sends sound of 16 kHz in frames of 20 ms. */
  speak(sound: Buffer) {
    for (let at = 0; at < sound.length; at += 640)
      this.conversation.send(
        { kind: "sound", pcm: sound.subarray(at, at + 640), sampleRate: 16_000 },
        () => {},
      );
  }

  /** The next event of that type, while the time runs. */
  next<T extends ConversationEvent["type"]>(type: T, wanted: (event: Event<T>) => boolean = () => true) {
    const matches = (event: ConversationEvent) => event.type === type && wanted(event as Event<T>);
    return this.clock.during(this.events.next(matches, `${type} ${wanted}`)) as Promise<Event<T>>;
  }

  all<T extends ConversationEvent["type"]>(type: T): Event<T>[] {
    return this.events.items.filter((event): event is Event<T> => event.type === type);
  }

  states() {
    return this.all("state").map(({ state }) => state);
  }

  /** What the model has said in sound. */
  heard(): Buffer {
    return Buffer.concat(this.all("audio").map(({ pcm }) => pcm));
  }
}
