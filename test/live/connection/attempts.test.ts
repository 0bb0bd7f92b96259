// How often a connection is attempted, how long the waits are, and which failures are not retried.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Connection } from "../../../live/connection/connection";
import { ResumptionHandle } from "../../../live/connection/resumption-handle";
import type { LiveSocket } from "../../../live/connection/socket";
import { TestClock } from "../../clock";
import { deferred } from "../../inbox";
import { accept, answer, begin, cut, Exchange } from "../exchange";
import { startSimulated } from "../simulated";
import { continuity } from "../talk";

const setups = (exchange: Exchange) => exchange.lines(/setup/).length;

describe("reconnect attempts", () => {
  it("wait longer each time, report attempt, cause and wait, and end in an error for the waiting message", async () => {
    const exchange = await Exchange.start(
      { setup: (line) => (line.number === 1 ? accept(line) : line.socket.close(1011, "")) },
      { continuity: { ...continuity, onConnectionLoss: "restart" } },
    );
    const { talk } = exchange;
    await talk.say("hello", false);
    cut(exchange.line());
    await talk.enters("connecting");
    await assert.rejects(talk.say("are you there?"), /internal error/);
    assert.deepEqual(talk.waits(), [500, 1_000, 2_000, 4_000]);
    const waiting = talk.all("state").filter(({ attempt }) => attempt?.waitMs);
    assert.deepEqual(
      waiting.map(({ attempt, cause }) => [attempt!.attempt, attempt!.of, cause]),
      [
        [1, 4, "the connection was lost"],
        [2, 4, "the server had an internal error"],
        [3, 4, "the server had an internal error"],
        [4, 4, "the server had an internal error"],
      ],
    );
    assert.equal(talk.all("state").at(-1)?.state, "closed");
    assert.equal(talk.all("failed").length, 0, "the error went to the message");
  });

  it("are none after a handshake that is refused with HTTP 400, which is one error, and go on after HTTP 503", async () => {
    const refuse = (status: number) => ({ at: "handshake", do: "refuseHandshake", status }) as const;
    const refused = await startSimulated({}, { script: [refuse(400)] });
    await assert.rejects(refused.talk.say("hello"), { code: "GEMINI_REFUSED" });
    assert.deepEqual(refused.talk.waits(), []);
    assert.deepEqual(refused.talk.all("failed"), []);
    const busy = await startSimulated(
      {},
      { script: [1, 2].map((connection) => ({ ...refuse(503), connection })) },
    );
    await busy.talk.say("hello");
    assert.equal(busy.talk.waits().length, 2);
  });

  it("wait 30 s at most", async () => {
    const exchange = await Exchange.start(
      { setup: ({ socket }) => socket.close(1011, "") },
      { continuity: { ...continuity, reconnectAttempts: 10 } },
    );
    await assert.rejects(exchange.talk.say("hello"), /internal error/);
    assert.deepEqual(exchange.talk.waits().slice(3), [8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it("wait 30 s when the quota is used up", async () => {
    const exchange = await Exchange.start({
      text: ({ socket }) => socket.close(1011, "You exceeded your current quota"),
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("state", ({ attempt }) => !!attempt?.waitMs);
    assert.deepEqual(exchange.talk.waits(), [30_000]);
  });

  for (const [random, waitMs] of [
    [0, 375],
    [0.999, 625],
  ] as const)
    it(`vary the wait of 500 ms by up to a quarter, so that many devices do not reconnect at once: ${waitMs} ms`, async () => {
      const exchange = await Exchange.start({}, { random: () => random });
      await exchange.talk.say("hello", false);
      cut(exchange.line());
      await exchange.talk.next("resumed");
      assert.deepEqual(exchange.talk.waits(), [waitMs]);
    });

  it("end when the server accepts every setup and then closes with 1011: the waits grow, and one error is reported", async () => {
    const exchange = await Exchange.start({
      setup: ({ reply, socket }) => {
        reply({ setupComplete: {} });
        socket.close(1011, "Internal error encountered.");
      },
    });
    exchange.talk.conversation.connect();
    await exchange.talk.next("failed");
    assert.deepEqual(exchange.talk.waits(), [500, 1_000, 2_000, 4_000]);
    assert.equal(setups(exchange), 1 + continuity.reconnectAttempts);
    await exchange.pass(120_000);
    assert.equal(setups(exchange), 1 + continuity.reconnectAttempts, "no attempt follows");
    assert.equal(exchange.talk.all("failed").length, 1);
  });

  it("end when the server closes during every answer to speech: a turn that is cut off proves nothing", async () => {
    const exchange = await Exchange.start();
    exchange.talk.conversation.connect();
    for (let n = 1; n <= 1 + continuity.reconnectAttempts; n++) {
      await exchange.talk.enters("connected");
      exchange.userSpeaks(true);
      exchange.userSpeaks(false);
      begin(exchange.line());
      exchange.line().socket.close(1011, "Internal error encountered.");
    }
    await exchange.talk.next("failed");
    assert.deepEqual(exchange.talk.waits(), [500, 1_000, 2_000, 4_000]);
  });

  it("count from 0 again after a completed turn", async () => {
    const exchange = await Exchange.start({
      text: (line) => {
        answer(line);
        cut(line);
      },
    });
    for (let n = 1; n <= 2 * continuity.reconnectAttempts; n++) {
      await exchange.talk.say(`text ${n}`);
      await exchange.talk.next("resumed");
    }
    assert.deepEqual(new Set(exchange.talk.waits()), new Set([500]));
  });

  it("count from 0 again after a connection of 10 s", async () => {
    const exchange = await Exchange.start();
    exchange.talk.conversation.connect();
    for (let n = 1; n <= 2 * continuity.reconnectAttempts; n++) {
      await exchange.seen(n === 1 ? "1 setup new" : `${n} setup handle ${n - 1}`);
      await exchange.settled();
      await exchange.pass(11_000);
      cut(exchange.line());
      await exchange.talk.next("resumed");
    }
    assert.equal(exchange.talk.all("failed").length, 0);
  });

  it("are not used up by planned change-overs, however young the connection is", async () => {
    const exchange = await Exchange.start();
    exchange.talk.conversation.connect();
    await exchange.talk.enters("connected");
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("resumed");
    for (let n = 0; n < continuity.reconnectAttempts; n++) {
      await exchange.settled();
      await exchange.talk.instruct(`Speak slowly, version ${n}.`);
      await exchange.talk.next("resumed");
    }
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("resumed");
    assert.deepEqual(exchange.talk.waits(), [500, 1_000]);
    assert.equal(exchange.talk.all("failed").length, 0);
  });

  it("end when the server completes a turn on each connection that nobody asked for, and then closes", async () => {
    const exchange = await Exchange.start({
      setup: (line) => {
        accept(line);
        answer(line);
        line.socket.close(1011, "Internal error encountered.");
      },
    });
    exchange.talk.conversation.connect();
    await exchange.talk.next("failed");
    assert.deepEqual(exchange.talk.waits(), [500, 1_000, 2_000, 4_000]);
  });

  it("end when the server announces the end of each connection at once and then closes it", async () => {
    const exchange = await Exchange.start({
      setup: (line) => {
        accept(line);
        line.reply({ goAway: { timeLeft: "1s" } });
        line.socket.close(1008, "The session was closed after the GoAway.");
      },
    });
    exchange.talk.conversation.connect();
    await exchange.talk.next("failed");
    assert.deepEqual(exchange.talk.waits(), [500, 1_000, 2_000, 4_000]);
    assert.equal(setups(exchange), 2 + continuity.reconnectAttempts, "one change-over, and the attempts");
  });

  it("are none when the server announces the end of each connection at once and does not close it: one change-over follows", async () => {
    const exchange = await Exchange.start({
      setup: (line) => {
        accept(line);
        line.reply({ goAway: { timeLeft: "1s" } });
      },
    });
    exchange.talk.conversation.connect();
    await exchange.talk.next("resumed");
    await exchange.settled();
    await exchange.pass(30_000);
    assert.equal(setups(exchange), 2);
  });

  it("are none after a permanent error: it is reported once", async () => {
    const exchange = await Exchange.start({
      text: ({ socket }) => socket.close(1007, "Request contains an invalid argument."),
    });
    await exchange.talk.say("hello");
    assert.match(String((await exchange.talk.next("failed")).error), /refused a message/);
    await exchange.pass(60_000);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new"]);
    assert.equal(exchange.talk.conversation.state, "closed");
  });

  it('are none with "report only": the first failure is reported', async () => {
    const exchange = await Exchange.start(
      { setup: ({ socket }) => socket.close(1011, "") },
      { continuity: { ...continuity, onConnectionLoss: "report", reconnectAttempts: 8 } },
    );
    await assert.rejects(exchange.talk.say("hello"), /internal error/);
    await exchange.pass(60_000);
    assert.equal(setups(exchange), 1);
  });

  it("are none when they are set to 0, also after a loss", async () => {
    const exchange = await Exchange.start({}, { continuity: { ...continuity, reconnectAttempts: 0 } });
    await exchange.talk.say("hello", false);
    cut(exchange.line());
    assert.match(String((await exchange.talk.next("failed")).error), /connection was lost/);
    await exchange.pass(60_000);
    assert.equal(setups(exchange), 1);
  });
});

describe("sound after a failed connection", () => {
  const speak = ({ talk }: Exchange) => talk.speak(Buffer.alloc(640));

  it("reconnects only 5 s after the failure, then 10 s, then 20 s", async () => {
    const times: number[] = [];
    const exchange = await Exchange.start(
      {
        setup: ({ socket }) => {
          times.push(exchange.talk.clock.now());
          socket.close(1011, "");
        },
      },
      { continuity: { ...continuity, reconnectAttempts: 1 } },
    );
    for (let second = 0; second < 40; second++) {
      speak(exchange);
      await exchange.settled();
      if (exchange.talk.conversation.state === "connecting") await exchange.talk.enters("closed");
      exchange.talk.clock.advance(1_000);
    }
    const gaps = times.slice(1).map((time, n) => Math.round((time - times[n]!) / 1_000));
    assert.equal(gaps.length, 3);
    for (const [n, wanted] of [5, 10, 20].entries())
      assert.ok(Math.abs(gaps[n]! - wanted) <= 2, `${gaps} against 5, 10, 20`);
  });

  it("reconnects 5 s after a connect timeout", async () => {
    const exchange = await Exchange.start(
      { setup: () => {} },
      { continuity: { ...continuity, onConnectionLoss: "report" } },
    );
    speak(exchange);
    assert.match(String((await exchange.talk.next("failed")).error), /did not answer within 10 s/);
    speak(exchange);
    assert.equal(exchange.talk.conversation.state, "closed");
    exchange.talk.clock.advance(5_000);
    speak(exchange);
    assert.equal(exchange.talk.conversation.state, "connecting");
  });
});

it("an error of a listener while a connection opens ends the conversation with that error, and not the process", async () => {
  const givenUp = deferred<Error>();
  const socket = { close: async () => {}, start() {} } as unknown as LiveSocket;
  const listener = {
    onAttempt() {},
    onOpen() {
      throw new Error("a listener has failed");
    },
    onBadFrame() {},
    onLost() {},
    onGivenUp: givenUp.resolve,
  };
  const options = {
    open: async () => socket,
    onFrame() {},
    handle: new ResumptionHandle(false, undefined),
    reconnectAttempts: 1,
    reconnect: true,
    clock: new TestClock(),
    random: () => 0,
  };
  new Connection(options, listener).open();
  assert.equal((await givenUp.promise).message, "a listener has failed");
});
