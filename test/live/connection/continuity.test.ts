import assert from "node:assert/strict";
import type { WebSocket } from "ws";
import type { ConversationOptions } from "../../../live/options";
import { type FarEnd, startFarEnd } from "../../far-end";
import { Inbox } from "../../inbox";
import { silence } from "../../speech";
import { continuity, settings, Talk } from "../talk";

interface Frame {
  setup?: { sessionResumption?: { handle?: string }; historyConfig?: object };
  clientContent?: { turns: { role: string; parts: { text: string }[] }[]; turnComplete: boolean };
  realtimeInput?: { audio?: { data: string }; text?: string };
}

/** One connection as the far end sees it. */
interface Call {
  /** Counted from 1. */
  number: number;
  socket: WebSocket;
  reply(value: unknown): void;
}

let farEnd: FarEnd;
let talk: Talk;
/** What the far end received and saw, in order: `1 open`, `1 setup …`, `1 text …`, `1 closed`. */
let log: Inbox<string>;

/** A far end that is told what to do on each setup and each text; by default it accepts, and gives the handle `handle <n>`. */
async function start(
  on: { setup?: (call: Call) => void; text?: (call: Call, text: string) => void },
  options: Partial<ConversationOptions> = {},
) {
  const lines = new Inbox<string>();
  log = lines;
  const counts = new Map<WebSocket, number>();
  farEnd = await startFarEnd((frame: Frame, reply, socket) => {
    if (!counts.has(socket)) {
      counts.set(socket, counts.size + 1);
      socket.on("close", () => lines.push(`${counts.get(socket)} closed`));
    }
    const call = { number: counts.get(socket)!, socket, reply };
    const { setup, clientContent, realtimeInput } = frame;
    if (setup) {
      log.push(
        `${call.number} setup ${setup.sessionResumption ? (setup.sessionResumption.handle ?? "new") : "plain"}`,
      );
      (on.setup ?? accept)(call);
    }
    if (clientContent) {
      const texts = (clientContent.turns ?? []).map(({ role, parts }) => `${role}: ${parts[0]!.text}`);
      log.push(`${call.number} ${clientContent.turnComplete ? "text" : "context"} ${texts.join(" | ")}`);
      if (clientContent.turnComplete) on.text?.(call, texts.at(-1)!);
    }
    if (realtimeInput?.audio) log.push(`${call.number} sound ${realtimeInput.audio.data.length}`);
  });
  talk = new Talk(farEnd.url, options);
}

const accept = ({ number, reply }: Call) => {
  reply({ setupComplete: {} });
  reply({ sessionResumptionUpdate: { newHandle: `handle ${number}`, resumable: true } });
};
const sound = { inlineData: { mimeType: "audio/pcm;rate=24000", data: "AAAA" } };
const begin = ({ reply }: Call) =>
  reply({ serverContent: { modelTurn: { parts: [sound] }, outputTranscription: { text: "Well, " } } });
const finish = ({ reply }: Call, text = "yes") =>
  reply({ serverContent: { outputTranscription: { text }, generationComplete: true, turnComplete: true } });
const answer = (call: Call) => {
  begin(call);
  finish(call);
};
const isOneOf = ({ number }: Call, ...numbers: number[]) => numbers.includes(number);
/** Ends as a network does that is gone. */
const cut = ({ socket }: Call) => socket.terminate();

const seen = (wanted: string) => talk.clock.during(log.next((line) => line === wanted));
const lines = (pattern: RegExp) => log.items.filter((line) => pattern.test(line));
const waits = () => talk.all("state").flatMap(({ attempt }) => (attempt?.waitMs ? [attempt.waitMs] : []));

const stop = async () => {
  talk.conversation.close();
  await farEnd.close();
  assert.equal(talk.clock.waiting, 0, "a timer was left");
};

describe("a conversation goes on when its connection is lost", () => {
  afterEach(stop);

  it("resumes by the newest handle, and tells how long the pause was", async () => {
    await start({ text: (call) => (call.number === 1 ? cut(call) : answer(call)) });
    await talk.say("hello");
    const { remembered, attempts, pauseMs } = await talk.next("resumed");
    assert.deepEqual([remembered, attempts], [true, 1]);
    assert.ok(pauseMs >= 500, `${pauseMs}`);
    assert.equal((await talk.next("gap")).pauseMs, pauseMs);
    assert.deepEqual(lines(/setup/), ["1 setup new", "2 setup handle 1"]);
  });

  it("asks a text once more that got no answer, before what was sent meanwhile", async () => {
    await start({ text: (call) => (call.number === 1 ? cut(call) : answer(call)) });
    await talk.say("first");
    await talk.next("state", ({ state }) => state === "connecting");
    await talk.say("second");
    await talk.next("turnComplete");
    assert.deepEqual(lines(/text/), ["1 text user: first", "2 text user: first", "2 text user: second"]);
  });

  it("asks no text a third time: the turn is completed, and says that its answer is missing", async () => {
    await start({ text: (call) => (call.number < 3 ? cut(call) : answer(call)) });
    await talk.say("hello");
    assert.equal((await talk.next("turnComplete")).reason, "CONNECTION_LOST");
    await talk.next("resumed");
    assert.deepEqual(lines(/text/), ["1 text user: hello", "2 text user: hello"]);
  });

  it("completes the turn of a speech that got no answer, and says that it is missing", async () => {
    await start({});
    await talk.say("listen", false);
    for (const voiceActivityType of ["ACTIVITY_START", "ACTIVITY_END"])
      farEnd.sockets[0]!.send(JSON.stringify({ voiceActivity: { voiceActivityType } }));
    farEnd.sockets[0]!.send(JSON.stringify({ serverContent: { inputTranscription: { text: "hello" } } }));
    await talk.next("text");
    farEnd.sockets[0]!.terminate();
    assert.equal((await talk.next("turnComplete")).reason, "CONNECTION_LOST");
    assert.deepEqual(
      talk.all("text").map(({ text, final }) => [text, final]),
      [
        ["hello", false],
        ["hello", true],
      ],
    );
  });

  it("does not ask again what was being answered: the turn is completed, and says that a part is missing", async () => {
    await start({
      text: (call) => {
        begin(call);
        if (call.number === 1) cut(call);
      },
    });
    await talk.say("first");
    assert.equal((await talk.next("turnComplete")).reason, "CONNECTION_LOST");
    await talk.next("resumed");
    assert.deepEqual(lines(/text/), ["1 text user: first"]);
    assert.equal(talk.all("text").filter(({ final }) => final)[0]?.text, "Well,");
  });

  it("an answer of which only the playing was left is complete", async () => {
    await start({
      text: (call) => {
        begin(call);
        call.reply({ serverContent: { generationComplete: true } });
        cut(call);
      },
    });
    await talk.say("first");
    assert.equal((await talk.next("turnComplete")).reason, undefined);
  });

  it("keeps what is sent meanwhile, sound too, in order, and calls each done once it was sent", async () => {
    await start({});
    await talk.say("one", false);
    farEnd.sockets[0]!.terminate();
    await talk.next("state", ({ state }) => state === "connecting");
    const done: string[] = [];
    talk.conversation.send({ kind: "text", text: "two", turnComplete: false }, () => done.push("two"));
    talk.speak(silence(40));
    talk.conversation.send({ kind: "text", text: "three", turnComplete: false }, () => done.push("three"));
    assert.deepEqual(done, []);
    await seen("2 context user: three");
    assert.deepEqual(done, ["two", "three"]);
    assert.deepEqual(lines(/^2/), [
      "2 setup handle 1",
      "2 context user: two",
      "2 sound 856",
      "2 sound 856",
      "2 context user: three",
    ]);
  });

  it("lets the oldest sound fall out when it is too much, and says how much", async () => {
    await start({}, { waiting: { messages: 10, soundMs: 200 } });
    await talk.say("one", false);
    farEnd.sockets[0]!.terminate();
    await talk.next("state", ({ state }) => state === "connecting");
    talk.speak(silence(500));
    assert.equal((await talk.next("gap", ({ lostSoundMs }) => lostSoundMs > 0)).lostSoundMs, 300);
    await talk.say("over", false);
    assert.equal(lines(/2 sound/).length, 10);
  });

  it("resumes by the last handle when the server says that the moment is not resumable, and says that a part may be lost", async () => {
    await start({
      text: (call) => {
        if (call.number === 2) return answer(call);
        answer(call);
        call.reply({ sessionResumptionUpdate: { newHandle: "", resumable: false } });
        cut(call);
      },
    });
    await talk.say("My name is Ada.");
    await talk.next("turnComplete");
    assert.equal((await talk.next("resumed")).remembered, "partly");
    assert.deepEqual(lines(/setup/), ["1 setup new", "2 setup handle 1"]);
  });

  for (const [code, reason] of [
    [1008, "BidiGenerateContent session not found"],
    [1007, "Invalid session handle"],
    [1007, "Request contains an invalid argument."],
  ] as const)
    it(`begins afresh at once when the handle is refused with ${code} "${reason}"`, async () => {
      await start({
        setup: (call) => (call.number === 2 ? call.socket.close(code, reason) : accept(call)),
        text: (call) => (call.number === 1 ? cut(call) : answer(call)),
      });
      await talk.say("hello");
      await talk.next("turnComplete");
      assert.deepEqual(lines(/setup/), ["1 setup new", "2 setup handle 1", "3 setup new"]);
      assert.deepEqual(lines(/text/), ["1 text user: hello", "3 text user: hello"]);
      assert.deepEqual(waits(), [500], "no wait before the fresh one");
    });

  it("waits an immediate 1011 out, and takes the handle for dead after the fourth", async () => {
    await start({
      setup: (call) =>
        call.number > 1 && call.number < 6
          ? call.socket.close(1011, "Internal error encountered.")
          : accept(call),
      text: (call) => (call.number === 1 ? cut(call) : answer(call)),
    });
    await talk.say("hello");
    await talk.next("turnComplete");
    assert.deepEqual(lines(/setup/), [
      "1 setup new",
      "2 setup handle 1",
      "3 setup handle 1",
      "4 setup handle 1",
      "5 setup handle 1",
      "6 setup new",
    ]);
  });

  it("uses no handle whose two hours are over", async () => {
    await start(
      { setup: (call) => (isOneOf(call, 2, 3) ? call.socket.close(1011, "") : accept(call)) },
      {
        continuity: { ...continuity, reconnectAttempts: 2 },
      },
    );
    await talk.say("hello", false);
    farEnd.sockets[0]!.terminate();
    await talk.next("failed");
    talk.clock.advance(2 * 60 * 60 * 1000);
    await talk.say("hello again", false);
    assert.deepEqual(lines(/setup/), ["1 setup new", "2 setup handle 1", "3 setup handle 1", "4 setup new"]);
  });

  it("ends when the server says something permanent, and does not try again", async () => {
    await start({ text: ({ socket }) => socket.close(1007, "Request contains an invalid argument.") });
    await talk.say("hello");
    assert.match(String((await talk.next("failed")).error), /refused a message/);
    talk.clock.advance(60_000);
    assert.deepEqual(lines(/setup/), ["1 setup new"]);
    assert.equal(talk.conversation.state, "closed");
  });

  it("waits longer each time, tells each try with its cause and its wait, and gives up after the last", async () => {
    await start(
      { setup: (call) => (call.number === 1 ? accept(call) : call.socket.close(1011, "")) },
      { continuity: { ...continuity, onConnectionLoss: "restart" } },
    );
    await talk.say("hello", false);
    farEnd.sockets[0]!.terminate();
    await talk.next("state", ({ state }) => state === "connecting");
    const waiting = talk.say("are you there?");
    await assert.rejects(waiting, /internal error/);
    assert.deepEqual(waits(), [500, 1_000, 2_000, 4_000]);
    const tries = talk.all("state").filter(({ attempt }) => attempt?.waitMs);
    assert.deepEqual(
      tries.map(({ attempt, cause }) => [attempt!.attempt, attempt!.of, cause]),
      [
        [1, 4, "the connection was lost"],
        [2, 4, "the server had an internal error"],
        [3, 4, "the server had an internal error"],
        [4, 4, "the server had an internal error"],
      ],
    );
    assert.equal(talk.all("state").at(-1)?.state, "closed");
    assert.equal(talk.all("failed").length, 0, "the message that waited was told");
  });

  it("scatters its waits, so that many devices do not come back at once", async () => {
    const waited: number[] = [];
    for (const random of [0, 0.999]) {
      await start({}, { random: () => random });
      await talk.say("hello", false);
      farEnd.sockets[0]!.terminate();
      await talk.next("resumed");
      waited.push(...waits());
      talk.conversation.close();
      await farEnd.close();
    }
    assert.deepEqual(waited, [375, 625]);
  });

  it("waits long when the quota is used up", async () => {
    await start({ text: ({ socket }) => socket.close(1011, "You exceeded your current quota") });
    await talk.say("hello");
    await talk.next("state", ({ attempt }) => !!attempt?.waitMs);
    assert.deepEqual(waits(), [30_000]);
  });

  it("goes on by its handle with the next message after it was given up", async () => {
    await start(
      { setup: (call) => (isOneOf(call, 2, 3) ? call.socket.close(1011, "") : accept(call)) },
      { continuity: { ...continuity, reconnectAttempts: 2 } },
    );
    await talk.say("hello", false);
    farEnd.sockets[0]!.terminate();
    await talk.next("failed");
    await talk.say("are you there?", false);
    assert.deepEqual(lines(/setup/).at(-1), "4 setup handle 1");
  });

  it("forgets its handle and what was said on disconnect and reset", async () => {
    await start({ text: answer });
    for (const action of ["disconnect", "reset"] as const) {
      await talk.say("hello");
      await talk.next("turnComplete");
      talk.conversation[action]();
    }
    await talk.say("again");
    assert.deepEqual(lines(/setup|context/), ["1 setup new", "2 setup new", "3 setup new"]);
  });
});

describe("the other ways to take the loss of a connection", () => {
  afterEach(stop);

  it("retry begins a fresh conversation that is told what was said, and asks again", async () => {
    await start(
      { text: (call, text) => (call.number === 1 && text.includes("second") ? cut(call) : answer(call)) },
      { continuity: { ...continuity, onConnectionLoss: "restart" } },
    );
    await talk.say("first");
    await talk.next("turnComplete");
    await talk.say("second");
    await talk.next("turnComplete");
    assert.deepEqual(lines(/^2|setup/), [
      "1 setup plain",
      "2 setup plain",
      "2 context user: first | model: Well, yes",
      "2 text user: second",
    ]);
  });

  it("retry tells a 3.1 model its history at the start, as it takes it no other way", async () => {
    await start(
      { text: () => {} },
      {
        continuity: { ...continuity, onConnectionLoss: "restart" },
        settings: { ...settings, model: "gemini-3.1-flash-live" },
      },
    );
    await talk.send({ kind: "history", turns: [{ role: "user", text: "My name is Ada." }] });
    farEnd.sockets[0]!.terminate();
    await seen("2 text user: My name is Ada.");
    const [, second] = farEnd.frames.filter((frame: Frame) => frame.setup) as Frame[];
    assert.deepEqual(second!.setup!.historyConfig, { initialHistoryInClientContent: true });
  });

  it("tell only tells that the answer was incomplete, and the next message begins another conversation", async () => {
    await start(
      {
        text: (call) => {
          begin(call);
          if (call.number === 1) cut(call);
          else finish(call);
        },
      },
      { continuity: { ...continuity, onConnectionLoss: "report" } },
    );
    await talk.say("hello");
    assert.equal((await talk.next("turnComplete")).reason, "CONNECTION_LOST");
    assert.match(String((await talk.next("failed")).error), /connection was lost/);
    talk.clock.advance(60_000);
    assert.equal(talk.conversation.state, "closed");
    await talk.say("hello again");
    await talk.next("turnComplete");
    assert.deepEqual(lines(/^2/), ["2 setup plain", "2 text user: hello again"]);
  });
});

describe("a goAway is a plan", () => {
  afterEach(stop);

  const goAway = (timeLeft: string) => farEnd.sockets[0]!.send(JSON.stringify({ goAway: { timeLeft } }));

  it("changes over at once when nobody speaks, the old connection first", async () => {
    await start({});
    await talk.say("hello", false);
    goAway("50s");
    assert.equal((await talk.next("goAway")).timeLeft, "50s");
    await talk.next("resumed");
    assert.deepEqual(lines(/setup|closed/), ["1 setup new", "1 closed", "2 setup handle 1"]);
    assert.deepEqual(waits(), []);
  });

  it("lets the model finish first", async () => {
    let first: Call | undefined;
    await start({
      text: (call) => {
        first = call;
        begin(call);
      },
    });
    await talk.say("hello");
    await talk.next("audio");
    goAway("50s");
    await talk.next("goAway");
    talk.clock.advance(30_000);
    assert.equal(talk.conversation.state, "connected");
    finish(first!);
    assert.equal((await talk.next("turnComplete")).reason, undefined);
    await talk.next("resumed");
  });

  it("lets the user finish first", async () => {
    await start({});
    await talk.say("hello", false);
    const tell = (voiceActivityType: string) =>
      farEnd.sockets[0]!.send(JSON.stringify({ voiceActivity: { voiceActivityType } }));
    tell("ACTIVITY_START");
    goAway("50s");
    await talk.next("goAway");
    assert.equal(talk.conversation.state, "connected");
    tell("ACTIVITY_END");
    farEnd.sockets[0]!.send(JSON.stringify({ serverContent: { turnComplete: true } }));
    await talk.next("resumed");
  });

  it("changes over shortly before the time is up at the latest, by a timer", async () => {
    await start({ text: begin });
    await talk.say("hello");
    await talk.next("audio");
    goAway("50s");
    await talk.next("goAway");
    talk.clock.advance(44_000);
    assert.equal(talk.conversation.state, "connected");
    talk.clock.advance(1_000);
    assert.equal(talk.all("turnComplete")[0]?.reason, "CONNECTION_LOST");
    await talk.next("resumed");
  });

  it("changes over at once when the server does not say how much time is left", async () => {
    await start({ text: begin });
    await talk.say("hello");
    await talk.next("audio");
    goAway("");
    await talk.next("resumed");
  });

  it("is passed on and nothing else where the loss of a connection is only told", async () => {
    await start({}, { continuity: { ...continuity, onConnectionLoss: "report" } });
    await talk.say("hello", false);
    goAway("1s");
    await talk.next("goAway");
    talk.clock.advance(60_000);
    assert.equal(talk.conversation.state, "connected");
  });
});

describe("a server that has fallen silent", () => {
  afterEach(stop);

  it("is told as a stall, once, when it was its turn to speak", async () => {
    await start({}, { continuity: { ...continuity, stallTimeoutMs: 10_000 } });
    await talk.say("hello");
    talk.clock.advance(9_000);
    talk.conversation.watch();
    assert.equal(talk.all("stall").length, 0);
    talk.clock.advance(1_000);
    talk.conversation.watch();
    talk.conversation.watch();
    assert.deepEqual(
      talk.all("stall").map(({ ms, cure }) => [ms >= 10_000, cure]),
      [[true, "report"]],
    );
  });

  it("is resumed when that is the cure, and asked again", async () => {
    await start(
      { text: (call) => call.number === 2 && answer(call) },
      { continuity: { ...continuity, stallTimeoutMs: 10_000, onStall: "resume" } },
    );
    await talk.say("hello");
    talk.clock.advance(10_000);
    talk.conversation.watch();
    await talk.next("turnComplete");
    assert.deepEqual(lines(/text|setup/), [
      "1 setup new",
      "1 text user: hello",
      "2 setup handle 1",
      "2 text user: hello",
    ]);
  });

  it("is not stalled while the user speaks or nobody does, however long", async () => {
    await start({ text: answer }, { continuity: { ...continuity, stallTimeoutMs: 10_000 } });
    await talk.say("hello");
    await talk.next("turnComplete");
    talk.clock.advance(100_000);
    talk.conversation.watch();
    assert.equal(talk.all("stall").length, 0);
  });
});

describe("the ends of a conversation", () => {
  afterEach(stop);

  it("a single-turn conversation closes after its answer and keeps nothing", async () => {
    await start({ text: answer }, { settings: { ...settings, singleTurn: true } });
    for (const text of ["first", "second"]) {
      await talk.say(text);
      assert.equal((await talk.next("turnComplete")).turn, 1);
      await talk.next("state", ({ state }) => state === "closed");
    }
    assert.deepEqual(lines(/setup|text|context/), [
      "1 setup plain",
      "1 text user: first",
      "2 setup plain",
      "2 text user: second",
    ]);
  });

  it("a token budget ends it politely: after the answer, with an event, and an error for what comes later", async () => {
    const usageMetadata = { totalTokenCount: 60, promptTokenCount: 40, responseTokenCount: 20 };
    await start(
      { text: (call) => call.reply({ serverContent: { turnComplete: true }, usageMetadata }) },
      { continuity: { ...continuity, tokenBudget: 100 } },
    );
    await talk.say("first");
    await talk.next("turnComplete");
    await talk.say("second");
    await talk.next("turnComplete");
    assert.match((await talk.next("refused")).why, /has used 120 tokens of its budget of 100/);
    await assert.rejects(talk.say("third"), /has used 120 tokens.*reset/);
    talk.conversation.reset();
    await talk.say("fourth");
    await talk.next("turnComplete");
    assert.deepEqual(
      talk.all("usage").map(({ usage }) => [usage.turn.total, usage.conversation.total, usage.context]),
      [
        [60, 60, { tokens: 60, window: 131_072, percent: 0 }],
        [60, 120, { tokens: 60, window: 131_072, percent: 0 }],
        [60, 60, { tokens: 60, window: 131_072, percent: 0 }],
      ],
    );
  });

  it("keeps its handle where it was told to, and a later conversation of the same key goes on by it", async () => {
    let kept: string | undefined;
    const handles = {
      load: async () => kept,
      save: (handle: string | undefined) => {
        kept = handle;
      },
    };
    await start({}, { handles });
    await talk.say("hello", false);
    talk.conversation.close();
    assert.equal(kept, "handle 1");
    talk = new Talk(farEnd.url, { handles });
    await talk.say("I am back", false);
    assert.equal(talk.all("resumed")[0]?.remembered, true);
    assert.deepEqual(lines(/setup/), ["1 setup new", "2 setup handle 1"]);
    talk.conversation.disconnect();
    assert.equal(kept, undefined);
  });

  it("begins afresh on reset, also when a handle is kept that was not used yet", async () => {
    await start({}, { handles: { load: async () => "an old one", save() {} } });
    talk.conversation.reset();
    await talk.say("hello", false);
    assert.deepEqual(lines(/setup/), ["1 setup new"]);
  });

  it("keeps no handle that was refused", async () => {
    const kept: (string | undefined)[] = ["an old one"];
    const handles = { load: async () => kept.at(-1), save: (handle?: string) => void kept.push(handle) };
    const stale = "BidiGenerateContent session not found";
    await start(
      { setup: (call) => (isOneOf(call, 1) ? call.socket.close(1008, stale) : accept(call)) },
      { handles },
    );
    await talk.say("hello", false);
    assert.deepEqual(lines(/setup/), ["1 setup an old one", "2 setup new"]);
    assert.deepEqual(kept.slice(0, 2), ["an old one", undefined]);
  });
});

describe("a slow way to the server", () => {
  afterEach(stop);

  it("sends sound to the bounded ring instead of into memory, and goes on when there is room", async () => {
    await start({}, { waiting: { messages: 10, soundMs: 5_000 } });
    await talk.say("hello", false);
    const raw = (farEnd.sockets[0] as unknown as { _socket: { pause(): void; resume(): void } })._socket;
    raw.pause();
    // Far more than the network between the two can hold.
    for (let second = 0; second < 600; second++) talk.speak(silence(1_000));
    const memory = talk.clock.waiting;
    assert.equal(memory, 1, "one timer looks for room");
    raw.resume();
    const { lostSoundMs } = await talk.next("gap");
    assert.ok(lostSoundMs > 100_000, `${lostSoundMs}`);
    await talk.say("and on it goes", false);
    await seen("1 context user: and on it goes");
    const received = lines(/sound/).length * 20;
    assert.equal(received + lostSoundMs, 600_000);
  });
});
