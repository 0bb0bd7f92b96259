import assert from "node:assert/strict";
import type { ConversationOptions } from "../../live/options";
import { type Simulator, startSimulator } from "../../simulator/server";
import { TestClock } from "../clock";
import { acceptSetup, type FarEnd, startFarEnd } from "../far-end";
import { correlation, silence, speech } from "../speech";
import { continuity, settings, Talk } from "./talk";

const text = (words: string, turnComplete = true) => ({ kind: "text", text: words, turnComplete }) as const;

describe("a conversation with the simulator, through the real SDK", () => {
  let simulator: Simulator;
  let talk: Talk;
  const clock = new TestClock();

  beforeEach(async () => {
    simulator = await startSimulator({ clock });
    talk = new Talk(simulator.url, {}, clock);
  });
  afterEach(async () => {
    talk.conversation.close();
    await simulator.close();
    assert.equal(clock.waiting, 0, "a timer was left");
  });
  const with_ = (options: Partial<ConversationOptions>) => {
    talk = new Talk(simulator.url, options, clock);
  };

  it("opens with the first text, answers it in sound and words, and completes the turn", async () => {
    await talk.say("Good morning to you");
    await talk.next("turnComplete");
    assert.deepEqual(talk.states(), ["connecting", "connected"]);
    assert.ok(talk.heard().length > 24_000, "more than half a second of sound");
    const order = talk.events.items
      .map(({ type }) => type)
      .filter((type) => type !== "text" && type !== "state");
    assert.deepEqual([...new Set(order)], ["audio", "generationComplete", "usage", "turnComplete"]);
    const pieces = talk.all("text").filter(({ final }) => !final);
    const whole = talk.all("text").filter(({ final }) => final);
    assert.ok(pieces.length > 1);
    assert.equal(whole.length, 1);
    assert.equal(
      whole[0]?.text,
      pieces
        .map(({ text }) => text)
        .join("")
        .trim(),
    );
    assert.match(whole[0]!.text, /Good morning to you/);
  });

  it("gives speech back as the simulator hears it, with the words of both sides in one turn", async () => {
    talk.speak(Buffer.concat([speech, silence(1_000)]));
    await talk.next("turnComplete");
    assert.ok(correlation(speech, 16_000, talk.heard(), 24_000) > 0.9);
    const whole = talk.all("text").filter(({ final }) => final);
    assert.deepEqual(
      whole.map(({ role, turn }) => [role, turn]),
      [
        ["user", 1],
        ["model", 1],
      ],
    );
  });

  it("keeps what is sent while it opens, in order", async () => {
    const sent: string[] = [];
    for (const words of ["one", "two", "three"])
      talk.conversation.send(text(words, false), () => sent.push(words));
    assert.deepEqual(sent, []);
    await talk.say("four");
    assert.deepEqual(sent, ["one", "two", "three"]);
    await talk.next("turnComplete");
    const remembered = JSON.stringify(simulator.conversations[0]!.context);
    assert.match(remembered, /one.*two.*three.*four/s);
  });

  it("says how much sound fell out while it opened", async () => {
    with_({ waiting: { messages: 100, soundMs: 1_000 } });
    talk.speak(silence(2_500));
    assert.equal((await talk.next("gap")).lostSoundMs, 1_500);
  });

  it("refuses the message that is too much to wait, and keeps the others", async () => {
    with_({ waiting: { messages: 2, soundMs: 1_000 } });
    const outcomes: (string | undefined)[] = [];
    for (const words of ["one", "two", "three"])
      talk.conversation.send(text(words, false), (error) => outcomes.push(error?.message));
    assert.match(outcomes[0]!, /2 messages already wait/);
    await talk.next("state", ({ state }) => state === "connected");
    assert.deepEqual(outcomes.slice(1), [undefined, undefined]);
  });

  it("counts tokens once: the conversation's are the sum of its turns'", async () => {
    await talk.say("one");
    await talk.next("turnComplete");
    await talk.say("two");
    await talk.next("turnComplete");
    const [first, second] = talk.all("usage").map(({ usage }) => usage);
    assert.ok(first!.turn.total > 0);
    assert.equal(second!.conversation.total, first!.turn.total + second!.turn.total);
    assert.equal(
      second!.conversation.responseByModality.AUDIO,
      first!.turn.responseByModality.AUDIO! + second!.turn.responseByModality.AUDIO!,
    );
  });

  it("is interrupted when the user speaks over the answer, and goes on", async () => {
    await talk.say("a rather long text that takes a while to say back");
    await talk.next("generationComplete");
    talk.speak(speech);
    await talk.next("interrupted");
    assert.equal(talk.conversation.state, "interrupted");
    talk.speak(silence(1_000));
    const { turn } = await talk.next("audio");
    assert.equal(turn, 2);
    assert.equal(talk.conversation.state, "connected");
  });

  it("stops at once on interrupt, and is heard again in the next turn", async () => {
    await talk.say("a rather long text that takes a while to say back");
    await talk.next("audio");
    const before = talk.all("audio").length;
    talk.conversation.interrupt();
    assert.equal(talk.all("interrupted").length, 1);
    await talk.next("turnComplete");
    assert.equal(talk.all("audio").length, before);
    assert.equal(talk.all("interrupted").length, 1, "told once, not again when the server says it");
    await talk.say("again");
    assert.equal((await talk.next("audio")).turn, 2);
  });

  it("does nothing on interrupt when there is nothing to stop", async () => {
    talk.conversation.interrupt();
    await talk.say("hello");
    await talk.next("turnComplete");
    const before = talk.events.items.length;
    talk.conversation.interrupt();
    assert.equal(talk.events.items.length, before);
  });

  it("knows nothing of the old conversation after a reset", async () => {
    await talk.say("remember the number seven", false);
    talk.conversation.reset();
    await talk.say("hello");
    await talk.next("turnComplete");
    assert.equal(simulator.conversations.length, 2);
    assert.doesNotMatch(JSON.stringify(simulator.conversations[1]!.context), /seven/);
  });

  it("takes history and pictures before a question", async () => {
    const turns = [
      { role: "user", text: "My name is Ada." },
      { role: "model", text: "Hello Ada." },
    ] as const;
    await talk.send({ kind: "history", turns: [...turns] });
    await talk.say("What is my name?");
    await talk.next("turnComplete");
    assert.match(JSON.stringify(simulator.conversations[0]!.context), /Ada.*Hello Ada.*What is my name/s);
  });

  it("after a disconnect, sound alone does not open it again, but a text does", async () => {
    await talk.say("hello");
    talk.conversation.disconnect();
    assert.equal(talk.conversation.state, "closed");
    talk.speak(speech);
    assert.equal(talk.conversation.state, "closed");
    await talk.say("hello again");
    assert.equal(talk.conversation.state, "connected");
  });

  it("after it was ended for being idle, sound opens it again", async () => {
    await talk.say("hello");
    talk.conversation.close();
    talk.speak(speech);
    await talk.next("state", ({ state }) => state === "connected");
  });

  it("tells the messages that wait when it is ended before they could be sent", async () => {
    const waiting = talk.say("hello");
    talk.conversation.disconnect();
    await assert.rejects(waiting, /ended before this could be sent/);
    assert.deepEqual(talk.states(), ["connecting", "closed"]);
  });

  it("a signal for a conversation that is not open does not open it", async () => {
    await talk.send({ kind: "signal", signal: "audioStreamEnd" });
    assert.equal(talk.conversation.state, "disconnected");
  });

  it("lets the flow say when the user's turn begins and ends, when that is the setting", async () => {
    with_({ settings: { ...settings, turnDetection: "manual" } });
    talk.conversation.connect();
    await talk.next("state", ({ state }) => state === "connected");
    await talk.send({ kind: "signal", signal: "activityStart" });
    talk.speak(speech);
    await talk.send({ kind: "signal", signal: "activityEnd" });
    await talk.next("turnComplete");
    assert.ok(correlation(speech, 16_000, talk.heard(), 24_000) > 0.9);
  });

  it("an unknown model is a clear error to the message that opened it, and a cause on the state", async () => {
    with_({ settings: { ...settings, model: "gemini-9-imaginary" } });
    await assert.rejects(
      talk.say("hello"),
      /does not know this model.*Check the model name.*gemini-9-imaginary/,
    );
    assert.equal(talk.all("state").at(-1)?.cause, "the server does not know this model");
    assert.equal(talk.all("failed").length, 0, "told once, by the message");
  });

  it("tells a failure as an event when only sound waited, and sound does not try a permanent one again", async () => {
    with_({ settings: { ...settings, model: "gemini-9-imaginary" } });
    talk.speak(speech);
    await talk.next("failed");
    talk.speak(speech);
    clock.advance(60_000);
    talk.speak(speech);
    assert.equal(talk.conversation.state, "closed");
    assert.equal(talk.all("failed").length, 1);
  });
});

describe("a conversation with a server that is not as it should be", () => {
  let farEnd: FarEnd;
  let talk: Talk;
  const start = async (...args: Parameters<typeof startFarEnd>) => {
    farEnd = await startFarEnd(...args);
    talk = new Talk(farEnd.url, {
      continuity: { ...continuity, onConnectionLoss: "report", reconnectAttempts: 0 },
    });
  };
  const part = (bytes: number) => ({
    inlineData: { mimeType: "audio/pcm;rate=24000", data: Buffer.alloc(bytes).toString("base64") },
  });

  afterEach(async () => {
    talk.conversation.close();
    await farEnd.close();
    assert.equal(talk.clock.waiting, 0, "a timer was left");
  });

  it("drops the sound that comes in one frame with an interruption", async () => {
    await start(
      acceptSetup((_frame, reply) => {
        reply({ serverContent: { modelTurn: { parts: [part(100)] } } });
        reply({ serverContent: { interrupted: true, modelTurn: { parts: [part(50)] } } });
        reply({ serverContent: { turnComplete: true } });
      }),
    );
    await talk.say("hello");
    await talk.next("turnComplete");
    assert.deepEqual(
      talk.all("audio").map(({ pcm }) => pcm.length),
      [100],
    );
  });

  it("takes every part of a frame, several kinds of content at once, and frames with nothing in them", async () => {
    await start(
      acceptSetup((_frame, reply) => {
        reply({ serverContent: {} });
        reply({
          serverContent: {
            modelTurn: { parts: [part(10), { executableCode: { code: "x" } }, part(20)] },
            outputTranscription: { text: "hi" },
            generationComplete: true,
            turnComplete: true,
          },
          usageMetadata: { totalTokenCount: 7 },
        });
      }),
    );
    await talk.say("hello");
    await talk.next("turnComplete");
    assert.deepEqual(
      talk.all("audio").map(({ pcm }) => pcm.length),
      [10, 20],
    );
    assert.equal(talk.all("usage")[0]?.usage.turn.total, 7);
  });

  it("hears the next answer, also when the server never says that it has stopped", async () => {
    let again: (() => void) | undefined;
    await start(
      acceptSetup((_frame, reply) => {
        again = () => reply({ serverContent: { modelTurn: { parts: [part(100)] } } });
        again();
      }),
    );
    await talk.say("hello");
    await talk.next("audio");
    talk.conversation.interrupt();
    talk.clock.advance(3_000);
    talk.conversation.watch();
    again!();
    await talk.next("audio");
  });

  it("hears the answer after an interruption that nobody made", async () => {
    await start(
      acceptSetup((_frame, reply) => {
        reply({ serverContent: { interrupted: true } });
        reply({ serverContent: { modelTurn: { parts: [part(100)] } } });
      }),
    );
    await talk.say("hello");
    await talk.next("interrupted");
    await talk.next("audio");
    assert.equal(talk.conversation.state, "connected");
  });

  it("goes on after frames of any shape, and tells of those that it cannot read", async () => {
    const odd = [
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
    await start(
      acceptSetup((_frame, reply) => {
        for (const frame of odd) reply(frame);
        reply({ serverContent: { outputTranscription: { text: "still here" }, turnComplete: true } });
      }),
    );
    await talk.say("hello");
    await talk.next("turnComplete");
    assert.equal(talk.all("text").at(-1)?.text, "still here");
    assert.match(String(talk.all("failed").at(-1)?.error), /something broke/);
    assert.equal(talk.conversation.state, "connected");
  });

  it("completes a turn that the connection broke off, tells the cause, and the next text opens it again", async () => {
    let broken = false;
    await start(
      acceptSetup((_frame, reply, socket) => {
        if (broken) return reply({ serverContent: { turnComplete: true } });
        broken = true;
        reply({
          serverContent: { modelTurn: { parts: [part(100)] }, outputTranscription: { text: "I was" } },
        });
        socket.close(1011, "Internal error encountered.");
      }),
    );
    await talk.say("hello");
    await talk.next("failed");
    assert.equal(talk.all("turnComplete")[0]?.reason, "CONNECTION_LOST");
    assert.equal(talk.all("text").at(-1)?.text, "I was");
    assert.match(String(talk.all("failed")[0]?.error), /internal error/);
    await talk.say("are you there?");
    await talk.next("turnComplete");
  });

  it("gives up a silent server, and sound tries it again only after five seconds", async () => {
    await start(() => {});
    talk.speak(speech);
    assert.match(String((await talk.next("failed")).error), /did not answer within 10 s/);
    talk.speak(speech);
    assert.equal(talk.conversation.state, "closed");
    talk.clock.advance(5_000);
    talk.speak(speech);
    assert.equal(talk.conversation.state, "connecting");
  });

  it("sends the first and the newest of the pictures of a second", async () => {
    await start(acceptSetup());
    talk.conversation.connect();
    await talk.next("state", ({ state }) => state === "connected");
    const picture = (name: string) =>
      ({ kind: "image", data: Buffer.from(name), mimeType: "image/png" }) as const;
    await Promise.all(["one", "two", "three"].map((name) => talk.send(picture(name))));
    await talk.say("what do you see?", false);
    await talk.clock.during(
      (async () => {
        while (farEnd.frames.length < 4) await new Promise((resolve) => setImmediate(resolve));
      })(),
    );
    const seen = farEnd.frames.flatMap(
      ({ realtimeInput }: { realtimeInput?: { video?: { data: string } } }) =>
        realtimeInput?.video ? [Buffer.from(realtimeInput.video.data, "base64").toString()] : [],
    );
    assert.deepEqual(seen, ["one", "three"]);
  });

  it("gives a 3.1 model its history at the start and its texts as realtimeInput, as it takes them no other way", async () => {
    await start(acceptSetup());
    talk = new Talk(farEnd.url, { settings: { ...settings, model: "gemini-3.1-flash-live-preview" } });
    await talk.send({ kind: "history", turns: [{ role: "user", text: "My name is Ada." }] });
    await talk.say("hello");
    await assert.rejects(talk.say("by the way", false), /no context while a conversation is open/);
    await assert.rejects(talk.send({ kind: "history", turns: [] }), /only before a conversation begins/);
    const [setup, history, words] = farEnd.frames as Record<string, Record<string, unknown>>[];
    assert.deepEqual(setup!.setup!.historyConfig, { initialHistoryInClientContent: true });
    assert.ok(history!.clientContent);
    assert.deepEqual(words!.realtimeInput, { text: "hello" });
  });
});
