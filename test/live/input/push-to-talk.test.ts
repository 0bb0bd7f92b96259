import assert from "node:assert/strict";
import { acceptSetup, type FarEnd, startFarEnd } from "../../far-end";
import { silence } from "../../speech";
import { settings, Talk } from "../talk";

interface Frame {
  realtimeInput?: { audio?: { data: string }; activityStart?: object; activityEnd?: object };
}

describe("turns that are given by hand", () => {
  let farEnd: FarEnd;
  let talk: Talk;
  afterEach(async () => {
    talk.conversation.close();
    await farEnd.close();
    assert.equal(talk.clock.waiting, 0, "a timer was left");
  });
  const start = async () => {
    farEnd = await startFarEnd(acceptSetup());
    talk = new Talk(farEnd.url, { settings: { ...settings, turnDetection: "manual" } });
  };
  const signal = (name: "activityStart" | "activityEnd" | "audioStreamEnd") =>
    talk.send({ kind: "signal", signal: name });
  const received = (count: number) =>
    talk.clock.during(
      (async () => {
        while (farEnd.frames.length < count) await new Promise((resolve) => setImmediate(resolve));
      })(),
    );
  /** What the server has heard: the signals, and how many milliseconds of sound between them. */
  const heard = async () => {
    await talk.say("over", false);
    await talk.clock.during(
      (async () => {
        while (!farEnd.frames.some((frame) => "clientContent" in frame))
          await new Promise((r) => setImmediate(r));
      })(),
    );
    const told: (string | number)[] = [];
    for (const { realtimeInput } of farEnd.frames as Frame[]) {
      if (realtimeInput?.activityStart) told.push("start");
      if (realtimeInput?.activityEnd) told.push("end");
      const ms = realtimeInput?.audio ? Buffer.from(realtimeInput.audio.data, "base64").length / 32 : 0;
      if (ms && typeof told.at(-1) === "number") told.push((told.pop() as number) + ms);
      else if (ms) told.push(ms);
    }
    return told;
  };

  it("send what is said while the button is pressed, and the half second before, so that the first syllable is whole", async () => {
    await start();
    talk.speak(silence(2_000));
    await signal("activityStart");
    talk.speak(silence(300));
    await signal("activityEnd");
    talk.speak(silence(400));
    assert.deepEqual(await heard(), ["start", 800, "end"]);
  });

  it("open the conversation with what is said, not with sound while nobody presses", async () => {
    await start();
    talk.speak(silence(2_000));
    assert.equal(talk.conversation.state, "disconnected");
    await signal("activityStart");
    assert.equal(talk.states()[0], "connecting");
  });

  it("end when the sound stops, though the release of the button was lost", async () => {
    await start();
    await signal("activityStart");
    talk.speak(silence(300));
    await signal("audioStreamEnd");
    assert.deepEqual(await heard(), ["start", 300, "end"]);
  });

  it("end by themselves when they last too long", async () => {
    await start();
    await signal("activityStart");
    talk.conversation.connect();
    await talk.next("state", ({ state }) => state === "connected");
    for (let second = 0; second < 121; second++) {
      talk.speak(silence(1_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [begin, ms, end] = await heard();
    assert.deepEqual([begin, end], ["start", "end"]);
    assert.equal(ms, 120_000);
  });

  it("of a press without a sound the server hears nothing, as it takes no activity without any", async () => {
    await start();
    await signal("activityStart");
    await signal("activityEnd");
    assert.deepEqual(await heard(), []);
  });

  it("begin again on a new connection when the old one was lost while the button was pressed", async () => {
    await start();
    await signal("activityStart");
    talk.speak(silence(100));
    await received(7);
    farEnd.sockets[0]!.terminate();
    await talk.next("state", ({ state }) => state === "connecting");
    talk.speak(silence(100));
    await signal("activityEnd");
    assert.deepEqual(await heard(), ["start", 100, "start", 100, "end"]);
  });
});
