// A goAway: the conversation changes over to a new connection before the server closes the old one.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { silence, speech } from "../../speech";
import { accept, answer, begin, cut, Exchange, finish, type Line } from "../exchange";
import { startSimulated } from "../simulated";
import { continuity, settings } from "../talk";

const goAway = async (exchange: Exchange, timeLeft: string) => {
  exchange.reply({ goAway: { timeLeft } });
  return exchange.talk.next("goAway");
};

describe("a goAway", () => {
  it("changes over at once when the conversation is idle, and closes the old connection first", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    assert.equal((await goAway(exchange, "50s")).timeLeft, "50s");
    await exchange.talk.next("resumed");
    assert.deepEqual(exchange.lines(/setup|closed/), ["1 setup new", "1 closed", "2 setup handle 1"]);
    assert.deepEqual(exchange.talk.waits(), []);
  });

  it("is followed by two early attempts when the server refuses the first resume; they use up no reconnect attempt", async () => {
    const refused = [2, 3];
    const exchange = await Exchange.start(
      {
        setup: (line) =>
          refused.includes(line.number)
            ? line.socket.close(1011, "Internal error encountered.")
            : accept(line),
      },
      { continuity: { ...continuity, reconnectAttempts: 1 } },
    );
    await exchange.talk.say("hello", false);
    await goAway(exchange, "50s");
    assert.equal((await exchange.talk.next("resumed")).remembered, true);
    assert.deepEqual(exchange.talk.waits(), [125, 250]);
    await exchange.pass(11_000);
    refused.push(5);
    await goAway(exchange, "50s");
    await exchange.talk.next("resumed");
    assert.deepEqual(exchange.talk.waits(), [125, 250, 125], "there are two for each change-over");
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("resumed");
    assert.deepEqual(exchange.talk.waits(), [125, 250, 125, 500], "the one attempt is left");
  });

  it("drops a handle that the server refuses with 1011 after the early attempts and three more", async () => {
    const exchange = await Exchange.start({
      setup: (line) =>
        line.number > 1 && line.number < 8
          ? line.socket.close(1011, "Internal error encountered.")
          : accept(line),
    });
    await exchange.talk.say("hello", false);
    await goAway(exchange, "50s");
    assert.equal((await exchange.talk.next("resumed")).remembered, false);
    assert.deepEqual(exchange.talk.waits(), [125, 250, 1_000, 2_000, 4_000]);
  });

  it("that leaves more than a minute changes over at the first idle moment of the last minute, so that a server that announces every end early is not connected to again and again", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    await goAway(exchange, "300s");
    await exchange.pass(239_000);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new"]);
    await exchange.pass(2_000);
    await exchange.talk.next("resumed");
  });

  it("waits until a connection that replaces another is stable, 10 s after its start", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.settled();
    await goAway(exchange, "50s");
    await exchange.pass(9_000);
    assert.equal(exchange.lines(/setup/).length, 2);
    await exchange.pass(2_000);
    await exchange.talk.next("resumed");
    assert.equal(exchange.lines(/setup/).length, 3);
  });

  it("waits until the model has finished", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    await goAway(exchange, "50s");
    exchange.talk.clock.advance(30_000);
    assert.equal(exchange.talk.conversation.state, "connected");
    finish(exchange.line());
    assert.equal((await exchange.talk.next("turnComplete")).reason, undefined);
    await exchange.talk.next("resumed");
  });

  it("waits until the user has finished and is answered", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    exchange.userSpeaks(true);
    await goAway(exchange, "50s");
    assert.equal(exchange.talk.conversation.state, "connected");
    exchange.userSpeaks(false);
    answer(exchange.line());
    await exchange.talk.next("resumed");
    assert.equal(exchange.talk.all("turnComplete")[0]?.reason, undefined);
  });

  it("changes over 5 s before the end at the latest: the turn completes with the reason CONNECTION_LOST", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    await goAway(exchange, "50s");
    exchange.talk.clock.advance(44_000);
    assert.equal(exchange.talk.conversation.state, "connected");
    exchange.talk.clock.advance(1_000);
    assert.equal(exchange.talk.all("turnComplete")[0]?.reason, "CONNECTION_LOST");
    await exchange.talk.next("resumed");
  });

  it("changes over after half the time when less than 10 s are left", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    await goAway(exchange, "4s");
    exchange.talk.clock.advance(1_900);
    assert.equal(exchange.talk.conversation.state, "connected");
    exchange.talk.clock.advance(200);
    assert.equal(exchange.talk.conversation.state, "connecting");
  });

  it("changes over at the earliest of several announced ends", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    for (const timeLeft of ["50s", "20s", "100s"]) await goAway(exchange, timeLeft);
    exchange.talk.clock.advance(14_500);
    assert.equal(exchange.talk.conversation.state, "connected");
    exchange.talk.clock.advance(1_000);
    assert.equal(exchange.talk.conversation.state, "connecting");
  });

  it("changes over at once when it does not say how much time is left", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    await goAway(exchange, "");
    await exchange.talk.next("resumed");
  });

  it("says nothing about the connection after the one that it announced for", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    await goAway(exchange, "50s");
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.talk.say("hello again");
    await exchange.pass(60_000);
    assert.equal(exchange.lines(/setup/).length, 2);
  });

  it("is only reported with report only", async () => {
    const exchange = await Exchange.start({}, { continuity: { ...continuity, onConnectionLoss: "report" } });
    await exchange.talk.say("hello", false);
    await goAway(exchange, "1s");
    await exchange.pass(60_000);
    assert.equal(exchange.talk.conversation.state, "connected");
    assert.equal(exchange.lines(/setup/).length, 1);
  });
});

describe("a goAway from a transcription model, which gives no handle", () => {
  const transcribe = { settings: { ...settings, model: "gemini-3.5-transcribe-live" } };
  const reply = ({ reply }: Line) => reply({ setupComplete: {} });

  it("is followed at the end of the segment by a new connection, which is told nothing", async () => {
    const exchange = await Exchange.start({ setup: reply }, transcribe);
    const { talk } = exchange;
    talk.conversation.connect();
    await talk.enters("connected");
    exchange.userSpeaks(true);
    exchange.reply({ serverContent: { interimInputTranscription: { text: "Hello" } } });
    await goAway(exchange, "50s");
    await exchange.pass(20_000);
    assert.equal(exchange.lines(/setup/).length, 1, "it changes over in the middle of a segment");
    exchange.reply({ serverContent: { inputTranscription: { text: "Hello there." } } });
    exchange.reply({ serverContent: { generationComplete: true } });
    exchange.userSpeaks(false);
    assert.equal((await talk.next("resumed")).remembered, false);
    assert.deepEqual(
      talk.all("text").flatMap(({ final, text }) => (final ? text : [])),
      ["Hello there."],
    );
    await exchange.settled();
    assert.deepEqual(exchange.lines(/./), ["1 setup plain", "1 closed", "2 setup plain"]);
  });

  it("does not end what is dictated: the next segment is transcribed on the new connection", async () => {
    const { talk, simulator } = await startSimulated(transcribe);
    const dictate = async (turn: number) => {
      talk.speak(Buffer.concat([speech, silence(1_500)]));
      const { text } = await talk.next("text", (event) => event.final && event.turn === turn);
      assert.ok(text);
    };
    talk.conversation.connect();
    await talk.enters("connected");
    await dictate(1);
    talk.clock.advance(540_000);
    await talk.next("goAway");
    await talk.next("resumed");
    await dictate(2);
    assert.equal(simulator.conversations.length, 2);
  });
});
