// A session whose server is not as it should be, and a session that is deployed again or taken away.

import assert from "node:assert/strict";
import { once } from "node:events";
import { startSimulator } from "../../../simulator/server";
import { opened } from "../../clean-up";
import { acceptSetup, startFarEnd } from "../../far-end";
import { node } from "../../flow-node";
import { Inbox } from "../../inbox";
import { connectionTo, Flow, KEY, type Msg, session, startSession, state } from "../flow";

const causeOf = (msg: Msg) => (msg.payload as { cause?: string }).cause;

let flow: Flow;
const start = async (onFrame = acceptSetup(), settings: object = {}) => {
  const { farEnd, ...started } = await startSession(onFrame, settings);
  flow = started.flow;
  return farEnd;
};

describe("a session whose server", () => {
  /** Sends a text, and expects the failure on the message, the state, the badge, and nowhere the key. */
  const expectFailure = async (error: RegExp, cause: RegExp) => {
    const badges = flow.badges("session");
    flow.send("session", { payload: "hello", topic: "mine" });
    const caught = await flow.nextError();
    assert.match(caught.message, error);
    assert.equal(caught.msg.topic, "mine");
    const closed = await flow.at("events").next(state("closed"));
    assert.match(causeOf(closed)!, cause);
    assert.equal(closed.topic, undefined, "an mqtt out would publish to the topic of the microphone");
    const badge = await badges.next(({ fill }) => fill === "red");
    assert.match(badge.text!, cause);
    assert.ok(!flow.everything().includes(KEY), "the key was said");
  };

  it("does not answer is an error after the reconnect attempts, with the cause in the message, the state and the badge", async () => {
    await start(() => {}, { connectTimeoutSeconds: 1 });
    await expectFailure(/did not answer within 1 s\. Check the server address/, /did not answer within 1 s/);
  });

  it("refuses the key causes an error that does not quote it", async () => {
    await start((_frame, _reply, socket) =>
      socket.close(1007, `API key not valid: ${KEY}. Please pass a valid API key.`),
    );
    await expectFailure(/API key was refused\. Check the key in the connection/, /API key was refused/);
  });

  it("does not know the model causes an error that says so", async () => {
    const simulator = await opened(startSimulator());
    flow = await Flow.start([connectionTo(simulator), ...session({ model: "gemini-9-imaginary" })]);
    await expectFailure(/does not know this model\. Check the model name/, /does not know this model/);
  });

  it("answers the setup with invalid frames is reported as not a Live server", async () => {
    await start((_frame, reply) => reply("<html>"));
    await expectFailure(/does not speak the Live protocol\. Check/, /does not speak the Live protocol/);
  });

  it("does not exist is reported as unreachable", async () => {
    const gone = await startFarEnd(() => {});
    await gone.close();
    flow = await Flow.start([connectionTo(gone), ...session()]);
    await expectFailure(/cannot be reached \(ECONNREFUSED\)/, /cannot be reached/);
  });

  it("closes the connection causes an error, and the next message opens it again", async () => {
    let broken = false;
    const farEnd = await start(
      acceptSetup((_frame, reply, socket) => {
        if (broken) return reply({ serverContent: { turnComplete: true } });
        broken = true;
        socket.close(1011, `Internal error encountered for ${KEY}`);
      }),
    );
    flow.send("session", { payload: "hello", topic: "mine", session: "hall" });
    const { message, msg } = await flow.nextError();
    assert.match(message, /the server had an internal error/);
    assert.deepEqual([msg.topic, msg.session], [undefined, "hall"]);
    assert.match(causeOf(await flow.at("events").next(state("closed")))!, /internal error/);
    flow.send("session", { payload: "again", session: "hall" });
    await flow.at("events").next(({ event, payload }) => {
      return event === "turnComplete" && (payload as { reason?: string }).reason === undefined;
    });
    assert.equal(farEnd.requests.length, 2);
    assert.equal(flow.badges("session").items.at(-1)!.text, "connected");
    assert.ok(!flow.everything().includes(KEY), "the key was said");
  });

  it("sends frames that cannot be read causes an error, and the conversation continues", async () => {
    await start(
      acceptSetup((_frame, reply) => {
        for (const rubbish of ["{broken", "null", Buffer.from([0xff, 0, 1]), { serverContent: 5 }])
          reply(rubbish);
        reply({ serverContent: { modelTurn: { parts: [null, 7] } } });
        reply({ error: { message: "it hurts" } });
        reply({ serverContent: { outputTranscription: { text: "still here" }, turnComplete: true } });
      }),
    );
    flow.send("session", { payload: "hello" });
    await flow.at("events").next(({ event }) => event === "turnComplete");
    assert.equal(flow.all("text").at(-1)!.payload, "still here");
    assert.match((await flow.nextError()).message, /bytes that is not JSON; it was ignored/);
    assert.match(flow.everything(), /the server reported \\?"it hurts/);
    assert.deepEqual(flow.all("events", state("closed")), []);
  });

  it("refuses a conversation that only gets sound causes one error, not one per frame", async () => {
    await start((_frame, _reply, socket) =>
      socket.close(1008, "models/x is not found for API version v1beta"),
    );
    const frame = { payload: Buffer.alloc(640) };
    for (let i = 0; i < 50; i++) flow.send("session", { ...frame });
    await flow.nextError();
    for (let i = 0; i < 50; i++) flow.send("session", { ...frame });
    flow.send("session", { payload: 0 });
    await flow.nextError();
    assert.equal(flow.caught.items.length, 2);
  });
});

describe("a live session that is deployed again or deleted", () => {
  const connect = async (session = "default") => {
    flow.send("session", { action: "connect", session });
    await flow.at("events").next(state("connected"));
  };

  it("ends its conversations when it is changed, and the new one opens its own", async () => {
    const farEnd = await start();
    for (const key of ["kitchen", "hall"]) await connect(key);
    const ended = Promise.all(farEnd.sockets.map((socket) => once(socket, "close")));
    await flow.deploy([connectionTo(farEnd), ...session({ voice: "Kore" })]);
    await ended;
    await connect();
    assert.equal(farEnd.requests.length, 3);
    assert.match(JSON.stringify(farEnd.frames.at(-1)), /Kore/);
    assert.equal(flow.caught.items.length, 0);
  });

  it("ends its conversations when its connection is changed", async () => {
    const farEnd = await start();
    await connect();
    const ended = once(farEnd.sockets[0]!, "close");
    await flow.deploy([connectionTo(farEnd, { idleTimeoutMinutes: 5 }), ...session()]);
    await ended;
  });

  it("ends its conversations when it is deleted, and clears its badge", async () => {
    const farEnd = await start();
    await connect();
    const badges = flow.badges("session");
    const ended = once(farEnd.sockets[0]!, "close");
    await flow.deploy([connectionTo(farEnd), ...session().slice(1)]);
    await ended;
    assert.deepEqual(badges.items.at(-1), {});
  });

  it("rejects the messages that wait", async () => {
    const setup = new Inbox<object>();
    const farEnd = await start((frame) => setup.push(frame));
    flow.send("session", { payload: "hello", topic: "mine" });
    await setup.next();
    await flow.deploy([connectionTo(farEnd), ...session({ voice: "Kore" })]);
    const { message, msg } = await flow.nextError();
    assert.match(message, /ended before this could be sent/);
    assert.equal(msg.topic, "mine");
  });

  it("is not affected when something else is deployed", async () => {
    const farEnd = await start();
    await connect();
    await flow.deploy([connectionTo(farEnd), ...session(), node("other", "helper")]);
    flow.send("session", { payload: "still there?", turnComplete: false });
    flow.send("session", { action: "disconnect" });
    await flow.at("events").next(state("closed"));
    assert.equal(farEnd.requests.length, 1);
  });

  it("leaves no socket and no timer behind", async () => {
    const resources = (kind: string) =>
      process.getActiveResourcesInfo().filter((name) => name === kind).length;
    const farEnd = await opened(startFarEnd(acceptSetup()));
    const before = { sockets: resources("TCPSocketWrap"), timers: resources("Timeout") };
    flow = await Flow.start([
      connectionTo(farEnd),
      node("in", "gemini-audio-in", { format: "auto" }, [["session"]]),
      ...session(),
      node("out", "gemini-audio-out", {}, [["audio"]]),
    ]);
    flow.send("in", { payload: Buffer.alloc(700) });
    await flow.at("events").next(state("connected"));
    flow.send("out", { payload: Buffer.alloc(48_000) });
    await flow.at("audio").next();
    const ended = once(farEnd.sockets[0]!, "close");
    await flow.stop();
    await ended;
    while (resources("TCPSocketWrap") > before.sockets) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(resources("Timeout"), before.timers);
  });
});
