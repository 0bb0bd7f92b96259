// A conversation for a test: on a clock that the test drives, with its events in an inbox.

import assert from "node:assert/strict";
import { Conversation } from "../../live/conversation";
import type { ConversationEvent } from "../../live/events";
import type { Done, Input, Signal } from "../../live/input/input";
import type { ConversationOptions } from "../../live/options";
import type { Server } from "../../live/server/server";
import type { Continuity, ConversationSettings } from "../../live/setup/setup";
import type { VisibleState } from "../../live/state/state";
import type { ToolResult } from "../../live/tools/tool-dispatch";
import { cleanUp } from "../clean-up";
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
  includeThoughts: false,
  affectiveDialog: false,
  targetLanguage: "",
  echoTarget: false,
  inputLanguages: [],
  vocabulary: [],
  transcriptionMode: "",
  mediaResolution: "",
  furtherSetup: {},
  transcripts: { user: true, model: true },
  turnDetection: "automatic",
  detection: { start: "", end: "", silenceDurationMs: undefined, prefixPaddingMs: undefined },
  bargeIn: true,
  speaksFirst: false,
  turnCoverage: "",
  segmentSilenceMs: 2_000,
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

/** A server with the API key `a-key`. */
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

/** Options that differ from those of optionsFor(); a function gets the address of the server. */
export type TalkOptions = Partial<ConversationOptions> | ((url: string) => Partial<ConversationOptions>);

type Event<T extends ConversationEvent["type"]> = Extract<ConversationEvent, { type: T }>;

export class Talk {
  readonly clock: TestClock;
  readonly conversation: Conversation;
  readonly events = new Inbox<ConversationEvent>();

  constructor(url: string, options: TalkOptions = {}, clock = new TestClock()) {
    this.clock = clock;
    const more = typeof options === "function" ? options(url) : options;
    this.conversation = new Conversation({ ...optionsFor(url, clock), ...more }, this.events.push);
  }

  /** Sends, and resolves or rejects as `done` is called. */
  send(input: Input): Promise<void> {
    return this.#until((done) => this.conversation.send(input, done));
  }

  say(text: string, turnComplete = true) {
    return this.send({ kind: "text", text, turnComplete });
  }

  /** Sends a text that waits for an idle moment. */
  sayWhenIdle(text: string, turnComplete = true) {
    return this.send({ kind: "text", text, turnComplete, whenIdle: true });
  }

  signal(signal: Signal["signal"]) {
    return this.send({ kind: "signal", signal });
  }

  /** Sends the response of a tool with this output. */
  respond(id: string, output: unknown, more: Omit<ToolResult, "response"> = {}): Promise<void> {
    return this.#until((done) => this.conversation.respond(id, { response: { output }, ...more }, done));
  }

  async instruct(instruction: string) {
    this.conversation.instruct(instruction);
  }

  #until(work: (done: Done) => void): Promise<void> {
    return this.clock.during(
      new Promise<void>((resolve, reject) => work((error) => (error ? reject(error) : resolve()))),
    );
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

  /** The next time that it is in `state`. */
  enters(state: VisibleState) {
    return this.next("state", (event) => event.state === state);
  }

  states() {
    return this.all("state").map(({ state }) => state);
  }

  /** The wait before each attempt to reconnect, in milliseconds. */
  waits() {
    return this.all("state").flatMap(({ attempt }) => (attempt?.waitMs ? [attempt.waitMs] : []));
  }

  /** The sound of the model so far. */
  heard(): Buffer {
    return Buffer.concat(this.all("audio").map(({ pcm }) => pcm));
  }
}

/** Ends the conversation and its server with the running test; no timer may remain. */
export function endWithTest(talk: Talk, server: { close(): Promise<void> }) {
  cleanUp(async () => {
    talk.conversation.close();
    await server.close();
    assert.equal(talk.clock.waiting, 0, "a timer was left");
  });
}
