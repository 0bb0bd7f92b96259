// A live session whose connection is lost, or that is deployed again: what it resumes.

import assert from "node:assert/strict";
import { acceptResumable, acceptSetup, type FarEnd } from "../../far-end";
import { connectionTo, event, type Flow, session, startSession, state } from "../flow";

interface Setup {
  sessionResumption?: { handle?: string };
  contextWindowCompression?: object;
}

describe("a live session whose connection is lost", () => {
  let farEnd: FarEnd;
  let flow: Flow;
  /** A server that gives each connection a handle, and answers each text. */
  const start = async (settings: object = {}, properties: object = {}) => {
    const server = acceptResumable((_frame, reply) => reply({ serverContent: { turnComplete: true } }));
    ({ flow, farEnd } = await startSession(server, { reconnectAttempts: 3, ...settings }, properties));
  };
  const setups = () => farEnd.frames.flatMap(({ setup }: { setup?: Setup }) => (setup ? [setup] : []));
  const say = async (payload: string) => {
    flow.send("session", { payload, topic: "mine" });
    await flow.at("events").next(event("turnComplete"));
  };

  it("reports the loss, the attempt and its wait, the resume and the pause, and loses no message", async () => {
    await start();
    const badges = flow.badges("session");
    await say("hello");
    farEnd.sockets[0]!.terminate();
    const { payload, session, topic } = await flow.at("events").next(state("connecting"));
    assert.deepEqual([session, topic], ["default", undefined]);
    const { attempt, of, waitMs, cause } = payload as Record<string, number>;
    assert.deepEqual([attempt, of, cause], [1, 3, "the connection was lost"]);
    assert.ok(waitMs! >= 375 && waitMs! <= 625, `${waitMs}`);
    flow.send("session", { payload: "are you there?" });
    await badges.next(({ text }) => text === "connecting");
    assert.deepEqual(setups().length, 1);
    const resumed = await flow.at("events").next(event("resumed"));
    const { remembered, attempts, pauseMs } = resumed.payload as Record<string, unknown>;
    assert.deepEqual([remembered, attempts], [true, 1]);
    const gap = await flow.at("events").next(event("gap"));
    assert.deepEqual(gap.payload, { event: "gap", pauseMs, lostSoundMs: 0 });
    await flow.at("events").next(event("turnComplete"));
    assert.deepEqual(setups()[1]!.sessionResumption, { handle: "handle 1" });
  });

  it("shows the attempt on the badge", async () => {
    await start();
    const badges = flow.badges("session");
    await say("hello");
    await farEnd.close();
    await badges.next(({ text }) => text === "connecting 2/3");
  });

  it("resumes after a deploy of the node when conversations are kept, and starts a new one when not", async () => {
    await start({}, { keepConversations: true });
    await say("hello");
    await flow.deploy([
      connectionTo(farEnd, { reconnectAttempts: 3 }),
      ...session({ keepConversations: true, voice: "Kore" }),
    ]);
    await say("I am back");
    assert.deepEqual(setups()[1]!.sessionResumption, { handle: "handle 1" });
    await flow.deploy([connectionTo(farEnd, { reconnectAttempts: 3 }), ...session({ voice: "Puck" })]);
    await say("I am back again");
    assert.deepEqual(setups()[2]!.sessionResumption, {});
  });

  it("resumes no conversation that the flow has ended", async () => {
    await start({}, { keepConversations: true });
    await say("hello");
    flow.send("session", { action: "disconnect" });
    await flow.at("events").next(state("closed"));
    await say("hello");
    assert.deepEqual(setups()[1]!.sessionResumption, {});
  });

  for (const [what, end] of [
    ["a disconnect", { action: "disconnect" }],
    ["the end of its client", { status: { event: "disconnect", _session: { id: "default" } } }],
  ] as const)
    it(`resumes no conversation that ${what} has ended after a deploy, before anything else opened it`, async () => {
      await start({}, { keepConversations: true });
      await say("hello");
      const redeployed = session({ keepConversations: true, voice: "Kore" });
      await flow.deploy([connectionTo(farEnd, { reconnectAttempts: 3 }), ...redeployed]);
      flow.send("session", { ...end });
      // Sound alone opens no conversation after a disconnect.
      flow.send("session", { payload: Buffer.alloc(640) });
      await say("hello again");
      assert.equal(setups().length, 2);
      assert.deepEqual(setups()[1]!.sessionResumption, {});
    });

  it("resumes no conversation from before a deploy that kept none", async () => {
    await start({}, { keepConversations: true });
    const keep = async (keepConversations: boolean) => {
      await flow.deploy([connectionTo(farEnd, { reconnectAttempts: 3 }), ...session({ keepConversations })]);
      await say("hello");
    };
    await say("hello");
    await keep(false);
    await keep(true);
    assert.deepEqual(setups()[2]!.sessionResumption, {});
  });

  it("requests resumption and context compression by default, and neither when they are off", async () => {
    await start();
    await say("hello");
    assert.deepEqual(setups()[0]!.sessionResumption, {});
    assert.deepEqual(setups()[0]!.contextWindowCompression, { slidingWindow: {} });
    await flow.stop();
    await start({ onConnectionLoss: "report", contextCompression: false });
    await say("hello");
    assert.equal(setups()[0]!.sessionResumption, undefined);
    assert.equal(setups()[0]!.contextWindowCompression, undefined);
  });

  it("sends the token counts of the context compression as configured", async () => {
    await start({ triggerTokens: "20000", targetTokens: 8_000 });
    await say("hello");
    assert.deepEqual(setups()[0]!.contextWindowCompression, {
      triggerTokens: "20000",
      slidingWindow: { targetTokens: "8000" },
    });
  });
});

describe("a connection with settings that are not valid", () => {
  const BAD: [what: string, settings: object, error: RegExp][] = [
    [
      "a negative number of attempts",
      { reconnectAttempts: -1 },
      /"Reconnect attempts" must be a whole number from 0/,
    ],
    [
      "a way to take a loss that there is not",
      { onConnectionLoss: "cry" },
      /"On connection loss" must be one of resume, restart, report/,
    ],
    [
      "a compression to more than from",
      { triggerTokens: 6_000, targetTokens: 6_000 },
      /"Target tokens" must be less/,
    ],
    [
      "a compression from too little",
      { triggerTokens: 100 },
      /"Trigger tokens" must be a whole number from 5000/,
    ],
    ["a negative token budget", { tokenBudget: -1 }, /"Token budget" must be a whole number from 0/],
    ["a cure that there is not", { onStall: "prayer" }, /"On stall" must be one of report, resume/],
  ];
  for (const [what, settings, error] of BAD)
    it(`${what}: the badge is red and every message gets the error`, async () => {
      const { flow } = await startSession(acceptSetup(), settings);
      flow.send("session", { payload: "hello" });
      assert.match((await flow.nextError()).message, error);
      assert.equal((await flow.badges("session").next()).fill, "red");
    });
});
