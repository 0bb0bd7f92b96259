// What a conversation does when its connection is lost: resume, restart with context, or report only.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { silence } from "../../speech";
import { accept, answer, begin, cut, Exchange, finish } from "../exchange";
import { continuity, settings } from "../talk";

const restart = { continuity: { ...continuity, onConnectionLoss: "restart" as const } };

describe("a lost connection with resume", () => {
  it("is resumed with the newest handle; the events say how long the pause was", async () => {
    const exchange = await Exchange.start({ text: (line) => (line.number === 1 ? cut(line) : answer(line)) });
    await exchange.talk.say("hello");
    const { remembered, attempts, pauseMs } = await exchange.talk.next("resumed");
    assert.deepEqual([remembered, attempts], [true, 1]);
    assert.ok(pauseMs >= 500, `${pauseMs}`);
    assert.equal((await exchange.talk.next("gap")).pauseMs, pauseMs);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new", "2 setup handle 1"]);
  });

  it("sends an unanswered text again, before what was sent meanwhile", async () => {
    const exchange = await Exchange.start({ text: (line) => (line.number === 1 ? cut(line) : answer(line)) });
    await exchange.talk.say("first");
    await exchange.talk.enters("connecting");
    await exchange.talk.say("second");
    await exchange.talk.next("turnComplete");
    assert.deepEqual(exchange.lines(/text/), [
      "1 text user: first",
      "2 text user: first",
      "2 text user: second",
    ]);
  });

  it("sends only the newest unanswered texts again, as many as the offline message queue holds", async () => {
    const exchange = await Exchange.start({}, { waiting: { messages: 3, soundMs: 30_000 } });
    for (let n = 1; n <= 10; n++) await exchange.talk.say(`text ${n}`);
    await exchange.seen("1 text user: text 10");
    cut(exchange.line());
    await exchange.seen("2 text user: text 10");
    assert.deepEqual(
      exchange.lines(/^2 text/),
      [8, 9, 10].map((n) => `2 text user: text ${n}`),
    );
  });

  it("sends no text more than twice: the turn completes with the reason CONNECTION_LOST", async () => {
    const exchange = await Exchange.start({ text: (line) => (line.number < 3 ? cut(line) : answer(line)) });
    await exchange.talk.say("hello");
    assert.equal((await exchange.talk.next("turnComplete")).reason, "CONNECTION_LOST");
    await exchange.talk.next("resumed");
    assert.deepEqual(exchange.lines(/text/), ["1 text user: hello", "2 text user: hello"]);
  });

  it("names the texts whose answer is lost: one answer was about both", async () => {
    const exchange = await Exchange.start({
      text: (line, text) => {
        if (line.number === 2) begin(line);
        if (text === "two") cut(line);
      },
    });
    exchange.talk.conversation.send({ kind: "text", text: "one", turnComplete: true }, () => {});
    await exchange.talk.say("two");
    const { reason, texts } = await exchange.talk.next("turnComplete");
    assert.deepEqual([reason, texts], ["CONNECTION_LOST", ["one", "two"]]);
  });

  it("names a text that was sent during another answer and is not sent a third time", async () => {
    const exchange = await Exchange.start({
      text: (line, text) => {
        if (text === "one") begin(line);
        else if (line.number < 3) cut(line);
      },
    });
    const { talk } = exchange;
    await talk.say("one");
    await talk.next("audio");
    await talk.say("two");
    await exchange.seen("2 text user: two");
    await talk.next("turnComplete", ({ turn }) => turn === 2);
    assert.deepEqual(
      talk.all("turnComplete").map(({ reason, texts }) => [reason, texts]),
      [
        ["CONNECTION_LOST", ["one"]],
        ["CONNECTION_LOST", ["two"]],
      ],
    );
  });

  it("names the texts that wait to be sent again when no connection can be opened any more", async () => {
    const exchange = await Exchange.start(
      { setup: (line) => (line.number === 1 ? accept(line) : line.socket.close(1011)) },
      { continuity: { ...continuity, reconnectAttempts: 2 } },
    );
    await exchange.talk.say("hello");
    await exchange.seen("1 text user: hello");
    cut(exchange.line());
    const { reason, texts } = await exchange.talk.next("turnComplete");
    assert.deepEqual([reason, texts], ["CONNECTION_LOST", ["hello"]]);
    await exchange.talk.next("failed");
  });

  it("names the texts that a disconnect leaves without an answer, sent or waiting to be sent again", async () => {
    for (const isLost of [false, true]) {
      const exchange = await Exchange.start();
      const { talk } = exchange;
      await talk.say("hello");
      await exchange.settled();
      if (isLost) {
        cut(exchange.line());
        await talk.next("state", ({ attempt }) => !!attempt?.waitMs);
      }
      talk.conversation.disconnect();
      assert.deepEqual(
        talk.all("turnComplete").map(({ reason, texts }) => [reason, texts]),
        [["DISCONNECTED", ["hello"]]],
      );
    }
  });

  it("completes the turn of unanswered speech with the reason CONNECTION_LOST and the user's transcript", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("listen", false);
    exchange.userSpeaks(true);
    exchange.userSpeaks(false);
    exchange.reply({ serverContent: { inputTranscription: { text: "hello" } } });
    await exchange.talk.next("text");
    cut(exchange.line());
    const { reason, texts } = await exchange.talk.next("turnComplete");
    assert.deepEqual([reason, texts], ["CONNECTION_LOST", ["hello"]]);
    assert.deepEqual(
      exchange.talk.all("text").map(({ text, final }) => [text, final]),
      [
        ["hello", false],
        ["hello", true],
      ],
    );
  });

  it("does not send a text again whose answer had begun: the turn completes with the reason CONNECTION_LOST", async () => {
    const exchange = await Exchange.start({
      text: (line) => {
        begin(line);
        cut(line);
      },
    });
    await exchange.talk.say("first");
    assert.equal((await exchange.talk.next("turnComplete")).reason, "CONNECTION_LOST");
    await exchange.talk.next("resumed");
    assert.deepEqual(exchange.lines(/text/), ["1 text user: first"]);
    assert.equal(exchange.talk.all("text").filter(({ final }) => final)[0]?.text, "Well,");
  });

  it("sends the unanswered one of two texts again, and not the one whose answer had begun", async () => {
    const exchange = await Exchange.start({ text: (line) => line.number === 1 && begin(line) });
    await exchange.talk.say("first");
    await exchange.talk.next("audio");
    await exchange.talk.say("second");
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.seen("2 text user: second");
    assert.deepEqual(exchange.lines(/2 text/), ["2 text user: second"]);
  });

  it("does not send a text again that the flow has interrupted", async () => {
    const exchange = await Exchange.start({ text: (line) => line.number === 2 && answer(line) });
    await exchange.talk.say("Tell me everything.");
    exchange.talk.conversation.interrupt();
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/\d text/), ["1 text user: Tell me everything."]);
  });

  it("does not send a text again that waited for that when the flow interrupted it, nor report it as lost later", async () => {
    const exchange = await Exchange.start();
    const { talk } = exchange;
    await talk.say("hello");
    await exchange.settled();
    cut(exchange.line());
    await talk.next("state", ({ attempt }) => !!attempt?.waitMs);
    talk.conversation.interrupt();
    await talk.next("resumed");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/text/), ["1 text user: hello"]);
    talk.conversation.disconnect();
    assert.deepEqual(talk.all("turnComplete"), []);
  });

  it("completes a turn without a reason when only the playback of its answer was left", async () => {
    const exchange = await Exchange.start({
      text: (line) => {
        begin(line);
        line.reply({ serverContent: { generationComplete: true } });
        cut(line);
      },
    });
    await exchange.talk.say("first");
    assert.equal((await exchange.talk.next("turnComplete")).reason, undefined);
  });

  it("sends what came meanwhile in order, sound included, and calls each done when it was sent", async () => {
    const exchange = await Exchange.start();
    const { talk } = exchange;
    await talk.say("one", false);
    await talk.enters("connected");
    await exchange.settled();
    cut(exchange.line());
    await talk.enters("connecting");
    const done: string[] = [];
    talk.conversation.send({ kind: "text", text: "two", turnComplete: false }, () => done.push("two"));
    talk.speak(silence(40));
    talk.conversation.send({ kind: "text", text: "three", turnComplete: false }, () => done.push("three"));
    assert.deepEqual(done, []);
    await exchange.seen("2 context user: three");
    assert.deepEqual(done, ["two", "three"]);
    assert.deepEqual(exchange.lines(/^2/), [
      "2 setup handle 1",
      "2 context user: two",
      "2 sound 20",
      "2 sound 20",
      "2 context user: three",
    ]);
  });

  it("drops the oldest sound beyond the offline audio buffer, and reports how much in a gap event", async () => {
    const exchange = await Exchange.start({}, { waiting: { messages: 10, soundMs: 200 } });
    await exchange.talk.say("one", false);
    await exchange.talk.enters("connected");
    cut(exchange.line());
    await exchange.talk.enters("connecting");
    exchange.talk.speak(silence(500));
    assert.equal((await exchange.talk.next("gap", ({ lostSoundMs }) => lostSoundMs > 0)).lostSoundMs, 300);
    await exchange.talk.say("over", false);
    await exchange.seen("2 context user: over");
    assert.equal(exchange.lines(/2 sound/).length, 10);
  });
});

describe("a lost connection with restart with context", () => {
  it("starts a new conversation with the history, and sends the unanswered text again", async () => {
    const exchange = await Exchange.start(
      { text: (line, text) => (line.number === 1 && text === "second" ? cut(line) : answer(line)) },
      restart,
    );
    await exchange.talk.say("The door is open.", false);
    await exchange.talk.say("first");
    await exchange.talk.next("turnComplete");
    await exchange.talk.say("second");
    assert.equal((await exchange.talk.next("resumed")).remembered, false);
    await exchange.talk.next("turnComplete");
    assert.deepEqual(exchange.lines(/^2|setup/), [
      "1 setup plain",
      "2 setup plain",
      "2 context user: The door is open. | user: first | model: Well, yes",
      "2 text user: second",
    ]);
  });

  it("sends history before the new conversation begins to a 3.1 model, which accepts it only there", async () => {
    const exchange = await Exchange.start(
      {},
      { ...restart, settings: { ...settings, model: "gemini-3.1-flash-live-preview" } },
    );
    await exchange.talk.send({ kind: "history", turns: [{ role: "user", text: "My name is Ada." }] });
    cut(exchange.line());
    await exchange.seen("2 text user: My name is Ada.");
    assert.deepEqual(exchange.setups[1]!.historyConfig, { initialHistoryInClientContent: true });
  });

  it("ignores handles that the server sends unrequested", async () => {
    const saved: unknown[] = [];
    const handles = { load: async () => undefined, save: (stored: unknown) => void saved.push(stored) };
    const exchange = await Exchange.start({}, { ...restart, handles });
    await exchange.talk.say("hello", false);
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("resumed");
    assert.deepEqual(exchange.lines(/setup/), ["1 setup plain", "2 setup plain"]);
    assert.deepEqual(saved, []);
  });
});

describe("a lost connection with report only", () => {
  it("completes the turn with the reason, reports the loss, and the next message starts a new conversation", async () => {
    const exchange = await Exchange.start(
      {
        text: (line) => {
          begin(line);
          if (line.number === 1) cut(line);
          else finish(line);
        },
      },
      { continuity: { ...continuity, onConnectionLoss: "report" } },
    );
    const { talk } = exchange;
    await talk.say("hello");
    assert.deepEqual(await talk.next("turnComplete"), {
      type: "turnComplete",
      turn: 1,
      reason: "CONNECTION_LOST",
      texts: ["hello"],
    });
    assert.match(String((await talk.next("failed")).error), /connection was lost/);
    await exchange.pass(60_000);
    assert.equal(talk.conversation.state, "closed");
    await talk.say("hello again");
    assert.equal((await talk.next("turnComplete")).turn, 1, "turns count from 1 again");
    assert.deepEqual(exchange.lines(/^2/), ["2 setup plain", "2 text user: hello again"]);
    assert.equal(talk.all("resumed").length, 0);
  });

  it("reports a close by the server with its cause, and completes the turn with what had come", async () => {
    const exchange = await Exchange.start(
      {
        text: (line) => {
          begin(line);
          if (line.number === 1) line.socket.close(1011, "Internal error encountered.");
          else finish(line);
        },
      },
      { continuity: { ...continuity, onConnectionLoss: "report" } },
    );
    const { talk } = exchange;
    await talk.say("hello");
    assert.match(String((await talk.next("failed")).error), /internal error/);
    assert.equal(talk.all("turnComplete")[0]?.reason, "CONNECTION_LOST");
    assert.equal(talk.all("text").at(-1)?.text, "Well,");
    await talk.say("are you there?");
    await talk.next("turnComplete");
  });
});
