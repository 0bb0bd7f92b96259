// From the frames of the server to the events of a turn: sound, transcripts, interruptions and its end.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { silence, speech } from "../../speech";
import { accept, answer, begin, cut, Exchange, finish, type Line } from "../exchange";
import { startSimulated } from "../simulated";
import { continuity, settings } from "../talk";

const part = (bytes: number) => ({
  inlineData: { mimeType: "audio/pcm;rate=24000", data: Buffer.alloc(bytes).toString("base64") },
});
const lengths = ({ talk }: Exchange) => talk.all("audio").map(({ pcm }) => pcm.length);

describe("a frame of the server", () => {
  it("may hold several parts and several kinds of content, or nothing", async () => {
    const exchange = await Exchange.start({
      text: ({ reply }) => {
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
      },
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    assert.deepEqual(lengths(exchange), [10, 20]);
    assert.equal(exchange.talk.all("usage")[0]?.usage.turn.total, 7);
  });

  it("in which all of a part has a wrong type begins no answer: a text after it gets the next answer, and is sent once", async () => {
    const exchange = await Exchange.start({ text: answer });
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    exchange.reply({ serverContent: { modelTurn: { parts: [5, { inlineData: 5 }] } } });
    await exchange.settled();
    await exchange.talk.say("How are you?");
    await exchange.talk.next("turnComplete");
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/text/), ["1 text user: hello", "1 text user: How are you?"]);
  });

  it("with grounding is reported with it and its turn", async () => {
    const groundingMetadata = { webSearchQueries: ["weather"] };
    const exchange = await Exchange.start({
      text: (line) => {
        begin(line);
        line.reply({ serverContent: { groundingMetadata } });
        finish(line);
      },
    });
    await exchange.talk.say("hello");
    const { turn, grounding } = await exchange.talk.next("grounding");
    assert.deepEqual([turn, grounding], [1, groundingMetadata]);
  });

  it("with data that is not audio yields no audio event", async () => {
    const exchange = await Exchange.start({
      text: (line) => {
        const image = { inlineData: { mimeType: "image/png", data: "AAAA" } };
        line.reply({ serverContent: { modelTurn: { parts: [image, part(10)] } } });
        finish(line);
      },
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    assert.deepEqual(lengths(exchange), [10]);
  });
});

describe("sound of the model", () => {
  it("has 24 kHz where the server names no rate, and says so to the device", async () => {
    const data = Buffer.alloc(480).toString("base64");
    const types = ["audio/pcm", "audio/pcm;channels=1", "audio/pcm;rate=16000"];
    const exchange = await Exchange.start({
      text: (line) => {
        const parts = types.map((mimeType) => ({ inlineData: { mimeType, data } }));
        line.reply({ serverContent: { modelTurn: { parts } } });
        finish(line);
      },
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    assert.deepEqual(
      exchange.talk.all("audio").map(({ mimeType }) => mimeType),
      ["audio/pcm;rate=24000", "audio/pcm;rate=24000", "audio/pcm;rate=16000"],
    );
  });
});

describe("the user's speech", () => {
  it("is reported as it starts and stops, with its offset in ms, 0 included", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    for (const voiceActivity of [
      { type: "ACTIVITY_START", audioOffset: "0s" },
      { type: "ACTIVITY_END", audioOffset: "1.440s" },
      { type: "ACTIVITY_START" },
      { type: "TYPE_UNSPECIFIED" },
    ])
      exchange.reply({ voiceActivity });
    await exchange.talk.next("speech", ({ offsetMs }) => offsetMs === undefined);
    assert.deepEqual(
      exchange.talk.all("speech").map(({ speaking, offsetMs }) => [speaking, offsetMs]),
      [
        [true, 0],
        [false, 1_440],
        [true, undefined],
      ],
    );
  });

  it("is reported by Vertex AI under the SDK's name voiceActivityType", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    exchange.reply({ voiceActivity: { voiceActivityType: "ACTIVITY_START" } });
    assert.equal((await exchange.talk.next("speech")).speaking, true);
  });
});

describe("the signals of Vertex AI for speech", () => {
  it("are reported once when both kinds come", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    for (const type of ["START", "END"]) {
      exchange.reply({ voiceActivity: { voiceActivityType: `ACTIVITY_${type}` } });
      const vadSignalType = `VAD_SIGNAL_TYPE_${type === "START" ? "SOS" : "EOS"}`;
      exchange.reply({ voiceActivityDetectionSignal: { vadSignalType } });
    }
    exchange.reply({ voiceActivityDetectionSignal: { vadSignalType: "VAD_SIGNAL_TYPE_SOS" } });
    await exchange.settled();
    await exchange.talk.next("speech", ({ speaking }) => speaking);
    await exchange.talk.next("speech", ({ speaking }) => speaking);
    assert.deepEqual(
      exchange.talk.all("speech").map(({ speaking }) => speaking),
      [true, false, true],
    );
  });
});

describe("a transcript that the server says is finished", () => {
  const transcripts = ({ talk }: Exchange) =>
    talk.all("text").map(({ role, text, final }) => [role, text, final]);

  it("is a whole text of the user at once, and of the model at the end of the turn, when it may have been interrupted", async () => {
    const exchange = await Exchange.start({
      text: ({ reply }) => {
        reply({ serverContent: { inputTranscription: { text: "What time " } } });
        reply({ serverContent: { inputTranscription: { text: "is it?", finished: true } } });
        reply({ serverContent: { outputTranscription: { text: "Noon." } } });
        reply({ serverContent: { outputTranscription: { finished: true } } });
        reply({ serverContent: { turnComplete: true } });
      },
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    assert.deepEqual(transcripts(exchange), [
      ["user", "What time ", false],
      ["user", "is it?", false],
      ["user", "What time is it?", true],
      ["model", "Noon.", false],
      ["model", "Noon.", true],
    ]);
  });

  it("ends a side of a model that sends no end of a turn without waiting for the silence", async () => {
    const exchange = await Exchange.start(
      {},
      { settings: { ...settings, model: "gemini-3.5-live-translate-preview" } },
    );
    exchange.talk.conversation.connect();
    await exchange.talk.enters("connected");
    exchange.reply({ serverContent: { inputTranscription: { text: "Guten Tag", finished: true } } });
    exchange.reply({ serverContent: { outputTranscription: { text: "Good day", finished: true } } });
    await exchange.talk.next("turnComplete", ({ turn }) => turn === 2);
    assert.deepEqual(
      transcripts(exchange).filter(([, , final]) => final),
      [
        ["user", "Guten Tag", true],
        ["model", "Good day", true],
      ],
    );
  });
});

describe("a transcript of the model that comes apart from its sound", () => {
  const transcript = (text: string) => ({ serverContent: { outputTranscription: { text } } });

  it("after the end of its turn is a text, and begins no answer: nothing stalls, and texts for an idle moment are sent", async () => {
    const exchange = await Exchange.start(
      { text: answer },
      { continuity: { ...continuity, stallTimeoutMs: 5_000 } },
    );
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    exchange.reply(transcript(" indeed."));
    await exchange.talk.next("text", ({ text }) => text === " indeed.");
    await exchange.pass(10_000);
    assert.deepEqual(exchange.talk.all("stall"), []);
    await exchange.talk.sayWhenIdle("news");
    await exchange.seen("1 text user: news");
  });

  it("after the whole answer was generated does not shorten the time that its playback may take", async () => {
    const exchange = await Exchange.start(
      {
        text: ({ reply }) => {
          reply({ serverContent: { modelTurn: { parts: [part(48_000 * 10)] } } });
          reply({ serverContent: { generationComplete: true } });
          reply(transcript("A long answer."));
        },
      },
      { continuity: { ...continuity, stallTimeoutMs: 5_000 } },
    );
    await exchange.talk.say("hello");
    await exchange.talk.next("text");
    await exchange.pass(9_000);
    assert.deepEqual(exchange.talk.all("stall"), []);
  });

  it("before any sound answers a text, which is not sent again after a lost connection", async () => {
    const exchange = await Exchange.start({ text: ({ reply }) => reply(transcript("Well, ")) });
    await exchange.talk.say("hello");
    await exchange.talk.next("text");
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/text/), ["1 text user: hello"]);
  });
});

describe("a field that this package does not know", () => {
  const start = async () => {
    const exchange = await Exchange.start({
      text: (line) => {
        line.reply({ newKind: { a: 1 }, serverContent: { newField: true } });
        line.reply({ newKind: { a: 2 } });
        finish(line);
      },
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    return exchange;
  };
  const others = ({ talk }: Exchange) => talk.all("other").map(({ path, value }) => [path, value]);
  const once = [
    ["serverContent.newField", true],
    ["newKind", { a: 1 }],
  ];

  it("is reported once in a conversation, also after a reconnect", async () => {
    const exchange = await start();
    assert.deepEqual(new Set(others(exchange)), new Set(once));
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.talk.say("hello again");
    await exchange.talk.next("turnComplete");
    assert.equal(others(exchange).length, 2);
  });

  it("is one of 100 at most that a conversation reports", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    await exchange.settled();
    for (let frame = 0; frame < 6; frame++)
      exchange.reply(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`field${frame}_${n}`, true])));
    finish(exchange.line());
    await exchange.talk.next("turnComplete");
    assert.equal(others(exchange).length, 100);
  });

  it("is reported again in the next conversation", async () => {
    const exchange = await start();
    exchange.talk.conversation.reset();
    await exchange.talk.say("hello again");
    await exchange.talk.next("turnComplete");
    assert.deepEqual(others(exchange).length, 4);
  });
});

describe("thoughts", () => {
  const think = async (includeThoughts: boolean) => {
    const exchange = await Exchange.start(
      {
        text: (line) => {
          const parts = [{ text: "The user greets me.", thought: true }];
          line.reply({ serverContent: { modelTurn: { parts } } });
          finish(line, "Hello.");
        },
      },
      { settings: { ...settings, model: "gemini-3.8-live-extended-thinking", includeThoughts } },
    );
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    return exchange.talk.all("text").map(({ text, final, thought }) => [text, final, thought]);
  };
  const answer = [
    ["Hello.", false, false],
    ["Hello.", true, false],
  ];

  it("are reported as thoughts and are no part of the transcript", async () => {
    assert.deepEqual(await think(true), [["The user greets me.", false, true], ...answer]);
  });

  it("are left out when they are turned off", async () => {
    assert.deepEqual(await think(false), answer);
  });
});

describe("thinking in the background", () => {
  it("ends with the connection, which the flow gets as an event", async () => {
    const exchange = await Exchange.start(
      {},
      { settings: { ...settings, model: "gemini-3.8-live-extended-thinking" } },
    );
    exchange.talk.conversation.connect();
    await exchange.talk.enters("connected");
    exchange.reply({ serverContent: { turnComplete: true, interactionStatus: "IN_PROGRESS" } });
    await exchange.talk.next("thinking", ({ thinking }) => thinking);
    exchange.line().socket.terminate();
    await exchange.talk.next("thinking", ({ thinking }) => !thinking);
  });
});

describe("barge-in", () => {
  it("interrupts the answer when the user speaks over it; the next answer is a new turn", async () => {
    const { talk } = await startSimulated();
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

  it("drops the sound in the frame that says interrupted", async () => {
    const exchange = await Exchange.start({
      text: ({ reply }) => {
        reply({ serverContent: { modelTurn: { parts: [part(100)] } } });
        reply({ serverContent: { interrupted: true, modelTurn: { parts: [part(50)] } } });
        reply({ serverContent: { turnComplete: true } });
      },
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    assert.deepEqual(lengths(exchange), [100]);
  });

  it("passes on the next answer although no turnComplete followed interrupted, which no server is known to omit", async () => {
    const exchange = await Exchange.start({
      text: ({ reply }) => {
        reply({ serverContent: { interrupted: true } });
        reply({ serverContent: { modelTurn: { parts: [part(100)] } } });
      },
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("interrupted");
    await exchange.talk.next("audio");
    assert.equal(exchange.talk.conversation.state, "connected");
  });
});

describe("interrupt", () => {
  it("stops the answer at once and is reported once; the next answer is passed on", async () => {
    const { talk } = await startSimulated();
    await talk.say("a rather long text that takes a while to say back");
    await talk.next("audio");
    const before = talk.all("audio").length;
    talk.conversation.interrupt();
    assert.equal(talk.all("interrupted").length, 1);
    await talk.next("turnComplete");
    assert.equal(talk.all("audio").length, before);
    assert.equal(talk.all("interrupted").length, 1, "not again when the server confirms it");
    assert.equal(talk.all("generationComplete").length, 0);
    await talk.say("again");
    assert.equal((await talk.next("audio")).turn, 2);
  });

  it("does nothing when there is nothing to stop", async () => {
    const { talk } = await startSimulated();
    talk.conversation.interrupt();
    await talk.say("hello");
    await talk.next("turnComplete");
    const before = talk.events.items.length;
    talk.conversation.interrupt();
    assert.equal(talk.events.items.length, before);
  });

  it("drops what still comes of the answer, for 3 s without a confirmation by the server", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("first");
    await exchange.talk.next("audio");
    exchange.talk.conversation.interrupt();
    begin(exchange.line());
    await exchange.settled();
    assert.equal(exchange.talk.all("audio").length, 1);
    await exchange.pass(2_000);
    begin(exchange.line());
    await exchange.settled();
    assert.equal(exchange.talk.all("audio").length, 1);
    await exchange.pass(4_000);
    begin(exchange.line());
    await exchange.talk.next("audio");
  });
});

describe("an error that the server reports in a frame", () => {
  it("is passed on, and the conversation continues", async () => {
    const exchange = await Exchange.start({
      setup: accept,
      text: (line) => {
        line.reply({ error: { message: "something broke" } });
        begin(line);
        finish(line);
      },
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    assert.match(String(exchange.talk.all("failed").at(-1)?.error), /something broke/);
    assert.equal(exchange.talk.conversation.state, "connected");
  });
});

describe("an interrupted answer", () => {
  /** Three seconds of sound with a word for each, all at once. */
  const speak = ({ reply }: Line) => {
    for (const text of ["One, ", "two, ", "three."])
      reply({ serverContent: { modelTurn: { parts: [part(48_000)] }, outputTranscription: { text } } });
  };
  const bargeIn = ({ reply }: Line) => {
    reply({ serverContent: { interrupted: true } });
    reply({ serverContent: { turnComplete: true } });
  };

  it("has on its final text what was heard of it, and a restart with context tells the model that part only", async () => {
    const exchange = await Exchange.start(
      { text: speak },
      { continuity: { ...continuity, onConnectionLoss: "restart" } },
    );
    await exchange.talk.say("count");
    await exchange.talk.next("text", ({ text }) => text === "three.");
    exchange.talk.clock.advance(2_000);
    bargeIn(exchange.line());
    const final = await exchange.talk.next("text", ({ role, final }) => role === "model" && final);
    assert.equal(final.text, "One, two, three.");
    // The clock of the test also runs while the answer arrives.
    assert.match(final.heard!, /^One, two,( three\.)?$/);
    cut(exchange.line());
    await exchange.seen(`2 context user: count | model: ${final.heard}`);
  });

  it("that the flow stops has what was heard until then", async () => {
    const exchange = await Exchange.start({ text: speak });
    await exchange.talk.say("count");
    await exchange.talk.next("text", ({ text }) => text === "three.");
    exchange.talk.conversation.interrupt();
    exchange.talk.clock.advance(5_000);
    bargeIn(exchange.line());
    const final = await exchange.talk.next("text", ({ role, final }) => role === "model" && final);
    assert.equal(final.text, "One, two, three.");
    assert.ok(final.heard!.length < final.text.length, final.heard);
  });

  it("carries nothing about what was heard when it was not interrupted", async () => {
    const exchange = await Exchange.start({
      text: (line) => {
        speak(line);
        finish(line, "");
      },
    });
    await exchange.talk.say("count");
    const final = await exchange.talk.next("text", ({ role, final }) => role === "model" && final);
    assert.ok(!("heard" in final));
  });
});
