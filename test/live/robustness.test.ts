// Whatever frames come, a conversation survives, and its next turn is complete.

import assert from "node:assert/strict";
import { once } from "node:events";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { WebSocket } from "ws";
import type { ConversationEvent } from "../../live/events";
import { cleanUp } from "../clean-up";
import type { TestClock } from "../clock";
import { type FarEnd, startFarEnd } from "../far-end";
import { clientFrames } from "../frames/client";
import { wrongFrames } from "../frames/mutations";
import { spokenTurn } from "../frames/sequences";
import { misfit } from "../frames/shape";
import { Exchange, finish } from "./exchange";
import { settings, Talk } from "./talk";

/** How long a run waits for one thing, in real time. */
const PATIENCE_MS = 2_000;
/** With 4 models: at least 10,000 frames. */
const RUNS = 120;
const MAX_FRAMES = 50;

const tool = {
  declaration: { name: "book_slot", description: "Books a slot." },
  server: "bookings",
  timeoutMs: 60_000,
  check: () => undefined,
};

/** A server that takes every setup, and sends what the test wants on the newest connection. */
class Server {
  readonly #farEnd: FarEnd;
  readonly received: object[] = [];
  #ready: WebSocket | undefined;
  #look: () => void = () => {};

  private constructor(farEnd: FarEnd) {
    this.#farEnd = farEnd;
  }

  static async start() {
    const server: Server = new Server(
      await startFarEnd((frame, reply, socket) => {
        server.received.push(frame);
        if (frame.setup) {
          reply({ setupComplete: {} });
          server.#ready = socket;
          socket.once("close", () => {
            if (server.#ready === socket) server.#ready = undefined;
          });
        }
        server.#look();
      }),
    );
    cleanUp(() => server.#farEnd.close());
    return server;
  }

  get url() {
    return this.#farEnd.url;
  }

  /** Waits for something that the client sends. */
  async until(what: string, happened: () => boolean) {
    await new Promise<void>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`${what} did not come`)), PATIENCE_MS);
      this.#look = () => {
        if (!happened()) return;
        clearTimeout(deadline);
        resolve();
      };
      this.#look();
    });
  }

  /** Sends a frame, and waits until the client has taken it or has closed the connection. */
  async send(frame: unknown, clock: TestClock) {
    if (!this.#ready) await clock.during(this.until("a connection", () => this.#ready !== undefined));
    const socket = this.#ready!;
    socket.send(JSON.stringify(frame));
    socket.ping();
    const taken = new AbortController();
    const { signal } = taken;
    await Promise.race([once(socket, "pong", { signal }), once(socket, "close", { signal })]);
    taken.abort();
  }
}

/** What is wrong with an event, or undefined. */
function problemOf(event: ConversationEvent): string | undefined {
  const number = (value: unknown) => typeof value === "number" && Number.isFinite(value);
  const numbers = (value: unknown): boolean =>
    typeof value === "object" && value ? Object.values(value).every(numbers) : number(value);
  const text = (value: unknown) => typeof value === "string";
  const good = {
    audio: () => event.type === "audio" && Buffer.isBuffer(event.pcm) && text(event.mimeType),
    text: () => event.type === "text" && text(event.text),
    failed: () => event.type === "failed" && event.error.message.startsWith("Gemini Live: "),
    usage: () =>
      event.type === "usage" &&
      [event.usage.turn, event.usage.conversation, event.usage.context].every(numbers) &&
      [event.usage.trafficType, event.usage.serviceTier].every((tier) => tier === undefined || text(tier)),
    other: () => event.type === "other" && text(event.path) && event.value !== undefined,
    goAway: () => event.type === "goAway" && text(event.timeLeft),
    turnComplete: () => event.type === "turnComplete" && (event.reason === undefined || text(event.reason)),
    speech: () => event.type === "speech" && (event.offsetMs === undefined || number(event.offsetMs)),
    toolCall: () =>
      event.type === "toolCall" &&
      text(event.call.id) &&
      text(event.call.name) &&
      typeof event.call.args === "object" &&
      event.call.args !== null,
  }[event.type as string];
  if (!good || good()) return undefined;
  return `event ${event.type}: ${event.type === "failed" ? event.error.stack : JSON.stringify(event)}`;
}

describe("frames of a wrong shape, which no server sends", () => {
  it("are ignored or reported as an error, and the turn continues", async () => {
    const frames = [
      "no json",
      "[1]",
      "null",
      { serverContent: 5 },
      { serverContent: { modelTurn: { parts: "abc" } } },
      { serverContent: { modelTurn: { parts: [null] } } },
      { serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 5, data: 7 } }] } } },
      { usageMetadata: { promptTokensDetails: 3 } },
      { goAway: null, toolCall: [], unknown: { deep: [1] } },
      { error: { message: "something broke" } },
    ];
    const exchange = await Exchange.start({
      text: (line) => {
        for (const frame of frames) line.reply(frame);
        finish(line, "still here");
      },
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    assert.equal(exchange.talk.all("text").at(-1)?.text, "still here");
    assert.match(String(exchange.talk.all("failed").at(-1)?.error), /something broke/);
    assert.equal(exchange.talk.conversation.state, "connected");
  });
});

describe("generated frames that no server sends", () => {
  for (const model of [
    "gemini-3.8-live",
    "gemini-3.8-live-extended-thinking",
    "gemini-3.1-flash-live-preview",
    "gemini-2.5-flash-native-audio-preview-12-2025",
  ])
    it(`do not disturb the next valid turn of a conversation with ${model}`, async () => {
      const server = await Server.start();
      let sent = 0;
      await fc.assert(
        fc.asyncProperty(wrongFrames(MAX_FRAMES), async (frames) => {
          server.received.length = 0;
          const talk = new Talk(server.url, { settings: { ...settings, model }, tools: () => [tool] });
          const problems: string[] = [];
          const answered = new Set<object>();
          const answerCalls = () => {
            for (const { call } of talk.all("toolCall")) {
              if (answered.has(call)) continue;
              answered.add(call);
              talk.conversation.respond(call.id, { response: { output: "booked" } }, () => {});
            }
          };
          talk.conversation.connect();
          for (const frame of frames) {
            await server.send(frame, talk.clock);
            sent += 1;
            answerCalls();
          }
          const before = talk.events.items.length;
          for (const { by, frame } of spokenTurn.steps)
            if (by === "server" && !("setupComplete" in frame)) await server.send(frame, talk.clock);
          const turn = talk.events.items.slice(before);
          const said = turn.filter((event) => event.type === "text" && event.final && event.role === "model");
          if (!turn.some((event) => event.type === "turnComplete")) problems.push("no end of the good turn");
          if (!turn.some((event) => event.type === "audio")) problems.push("no audio of the good turn");
          if (said.length !== 1) problems.push(`final texts of the good turn: ${said.length}`);
          talk.conversation.send(
            { kind: "text", text: "idle?", turnComplete: true, whenIdle: true },
            () => {},
          );
          await talk.clock.during(
            server.until("the idle moment after the good turn", () =>
              JSON.stringify(server.received).includes("idle?"),
            ),
          );
          talk.conversation.close();
          if (talk.clock.waiting) problems.push(`${talk.clock.waiting} timers are left`);
          for (const frame of server.received) problems.push(...[misfit(frame, clientFrames) ?? []].flat());
          problems.push(...talk.events.items.flatMap((event) => problemOf(event) ?? []));
          assert.deepEqual(problems, []);
        }),
        { numRuns: RUNS, seed: 20261124 },
      );
      assert.ok(sent >= 2_500, `only ${sent} frames were sent`);
    });
});
