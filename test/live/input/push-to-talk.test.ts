// Manual turn detection (push to talk): the flow marks where the user's turn starts and ends.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { silence } from "../../speech";
import { cut, Exchange } from "../exchange";
import { settings } from "../talk";

const manual = { settings: { ...settings, turnDetection: "manual" as const } };
const start = () => Exchange.start({}, manual);

/** What the server received: the signals, and the milliseconds of sound between them. */
async function heard(exchange: Exchange) {
  await exchange.talk.say("over", false);
  await exchange.talk.clock.during(exchange.log.next((entry) => entry.endsWith("context user: over")));
  const received: (string | number)[] = [];
  for (const entry of exchange.lines(/sound|activity/)) {
    const [, what = "", ms] = entry.split(" ");
    if (what !== "sound") received.push(what);
    else if (typeof received.at(-1) === "number") received.push((received.pop() as number) + Number(ms));
    else received.push(Number(ms));
  }
  return received;
}

describe("push to talk", () => {
  it("sends the sound while the button is pressed and the 500 ms before, so that the first syllable is complete", async () => {
    const exchange = await start();
    exchange.talk.speak(silence(2_000));
    await exchange.talk.signal("activityStart");
    exchange.talk.speak(silence(300));
    await exchange.talk.signal("activityEnd");
    exchange.talk.speak(silence(400));
    assert.deepEqual(await heard(exchange), ["activityStart", 800, "activityEnd"]);
  });

  it("sends no sound from before the press that is older than a second", async () => {
    const exchange = await start();
    await exchange.talk.say("hello", false);
    exchange.talk.speak(silence(500));
    await exchange.pass(60_000);
    await exchange.talk.signal("activityStart");
    assert.deepEqual(await heard(exchange), []);
  });

  it("opens the conversation with the press, not with sound", async () => {
    const exchange = await start();
    exchange.talk.speak(silence(2_000));
    assert.equal(exchange.talk.conversation.state, "disconnected");
    await exchange.talk.signal("activityStart");
    assert.equal(exchange.talk.states()[0], "connecting");
  });

  /** Two turns in the same moment, on a connection that is open. */
  const twoTurns = async (model: string) => {
    const exchange = await Exchange.start({}, { settings: { ...manual.settings, model } });
    const { talk } = exchange;
    talk.conversation.connect();
    await talk.enters("connected");
    const signal = (name: "activityStart" | "activityEnd") =>
      talk.conversation.send({ kind: "signal", signal: name }, assert.ifError);
    for (let turns = 0; turns < 2; turns++) {
      signal("activityStart");
      talk.speak(silence(20));
      signal("activityEnd");
    }
    await exchange.settled();
    return { exchange, sent: () => exchange.lines(/sound|activity/) };
  };
  const TURN = ["1 activityStart", "1 sound 20", "1 activityEnd"];

  it("waits half a second before the next turn of a transcription model, which would merge the two", async () => {
    const { exchange, sent } = await twoTurns("gemini-3.5-transcribe-live");
    exchange.talk.clock.advance(499);
    await exchange.settled();
    assert.deepEqual(sent(), TURN);
    exchange.talk.clock.advance(101);
    await exchange.settled();
    assert.deepEqual(sent(), [...TURN, ...TURN]);
  });

  it("starts the next turn of other models at once", async () => {
    const { sent } = await twoTurns("gemini-3.8-live");
    assert.deepEqual(sent(), [...TURN, ...TURN]);
  });

  it("ends the turn on audioStreamEnd when the release is missing", async () => {
    const exchange = await start();
    await exchange.talk.signal("activityStart");
    exchange.talk.speak(silence(300));
    await exchange.talk.signal("audioStreamEnd");
    assert.deepEqual(await heard(exchange), ["activityStart", 300, "activityEnd"]);
  });

  /** Begins a conversation in which the user speaks for `seconds`, one after the other. */
  const startToSpeak = async () => {
    const exchange = await start();
    const { talk } = exchange;
    talk.conversation.connect();
    await talk.enters("connected");
    const speak = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        talk.speak(silence(1_000));
        await exchange.settled();
      }
    };
    return { exchange, talk, speak };
  };

  it("ends a turn after 120 s of sound, counted from its press", async () => {
    const { exchange, talk, speak } = await startToSpeak();
    await talk.signal("activityStart");
    await speak(10);
    await talk.signal("activityEnd");
    await exchange.pass(2_000);
    await talk.signal("activityStart");
    await speak(121);
    assert.deepEqual(await heard(exchange), [
      "activityStart",
      10_000,
      "activityEnd",
      "activityStart",
      120_000,
      "activityEnd",
    ]);
  });

  it("continues a longer turn when activityStart comes again within it", async () => {
    const { exchange, talk, speak } = await startToSpeak();
    for (let minutes = 0; minutes < 3; minutes++) {
      await talk.signal("activityStart");
      await speak(60);
    }
    await talk.signal("activityEnd");
    assert.deepEqual(await heard(exchange), ["activityStart", 180_000, "activityEnd"]);
  });

  it("sends nothing for a press without sound: the server accepts no activity without sound", async () => {
    const exchange = await start();
    await exchange.talk.signal("activityStart");
    await exchange.talk.signal("activityEnd");
    assert.deepEqual(await heard(exchange), []);
  });

  it("starts the activity again on a new connection when the old one is lost during a press", async () => {
    const exchange = await start();
    const { talk } = exchange;
    await talk.signal("activityStart");
    talk.speak(silence(20));
    await exchange.seen("1 sound 20");
    cut(exchange.line());
    await talk.enters("connecting");
    talk.speak(silence(100));
    await talk.signal("activityEnd");
    assert.deepEqual(await heard(exchange), ["activityStart", 20, "activityStart", 100, "activityEnd"]);
  });

  it("makes one handshake and reports one error per press when the server refuses the key", async () => {
    const exchange = await Exchange.start(
      { setup: ({ socket }) => socket.close(1007, "API key not valid. Please pass a valid API key.") },
      manual,
    );
    for (let presses = 1; presses <= 2; presses++) {
      await exchange.talk.signal("activityStart");
      for (let n = 0; n < 50; n++) {
        exchange.talk.speak(silence(20));
        exchange.talk.clock.advance(20);
        await exchange.settled();
      }
      await exchange.talk.next("failed");
      assert.equal(exchange.talk.all("failed").length, presses);
      assert.equal(exchange.lines(/setup/).length, presses);
    }
  });

  it("releases the button on a disconnect: sound does not open another conversation", async () => {
    const exchange = await start();
    await exchange.talk.signal("activityStart");
    exchange.talk.speak(silence(200));
    await exchange.seen("1 activityStart");
    exchange.talk.conversation.disconnect();
    exchange.talk.speak(silence(1_000));
    await exchange.settled();
    assert.equal(exchange.talk.conversation.state, "closed");
    assert.equal(exchange.lines(/setup/).length, 1);
  });
});

describe("automatic turn detection", () => {
  it("rejects activityStart and activityEnd with an error that names the setting, and takes audioStreamEnd", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    for (const signal of ["activityStart", "activityEnd"] as const)
      await assert.rejects(exchange.talk.signal(signal), /needs manual turn detection/);
    await exchange.talk.signal("audioStreamEnd");
    await exchange.seen("1 audioStreamEnd");
    assert.deepEqual(exchange.lines(/activity/), []);
  });
});
