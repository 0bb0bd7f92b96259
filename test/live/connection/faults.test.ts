import assert from "node:assert/strict";
import type { Fault } from "../../../simulator/faults/fault-types";
import { type Simulator, startSimulator } from "../../../simulator/server";
import { TestClock } from "../../clock";
import { correlation, silence, speech } from "../../speech";
import { continuity, Talk } from "../talk";

describe("whatever goes wrong at any point of a turn", () => {
  const clock = new TestClock();
  let simulator: Simulator;
  let talk: Talk;
  let stopWatching: () => void;

  beforeEach(async () => {
    simulator = await startSimulator({ clock });
    const care = { ...continuity, reconnectAttempts: 8, stallTimeoutMs: 10_000, onStall: "resume" } as const;
    talk = new Talk(simulator.url, { continuity: care, tools: () => [clockTool] }, clock);
    const watch = () => {
      talk.conversation.watch();
      stopWatching = clock.after(1_000, watch);
    };
    stopWatching = clock.after(1_000, watch);
  });
  afterEach(async () => {
    stopWatching();
    talk.conversation.close();
    await simulator.close();
    assert.equal(clock.waiting, 0, "a timer was left");
  });
  const clockTool = {
    declaration: { name: "get_time", description: "Tells the time." },
    server: "the clock",
    timeoutMs: 60_000,
    check: () => undefined,
  };
  const giveAnswer = (id: string) =>
    clock.during(
      new Promise<void>((resolve, reject) =>
        talk.conversation.answer(id, { response: { output: "noon" } }, (error) =>
          error ? reject(error) : resolve(),
        ),
      ),
    );
  /** Says a text and waits for the end of its turn. */
  const ask = async (text: string) => {
    await talk.say(text);
    return talk.next("turnComplete");
  };
  const answersTo = (text: string) =>
    talk
      .all("text")
      .filter((event) => event.final && event.role === "model" && event.text.includes(`Echo: ${text}`));

  const WAYS: [what: string, fault: Partial<Fault> & Pick<Fault, "do">][] = [
    ["the network is cut", { do: "cut" }],
    ["the server closes with 1011", { do: "close", code: 1011, reason: "Internal error encountered." }],
    [
      "the server closes with 1008 as its time is up",
      { do: "close", code: 1008, reason: "The operation was aborted." },
    ],
    ["the server closes with 1000", { do: "close", code: 1000, reason: "The operation was cancelled." }],
    ["the server freezes", { do: "freeze" }],
  ];
  /** Points of the second turn, and whether its answer had begun. */
  const POINTS: [when: string, fault: Pick<Fault, "at">, begun: boolean][] = [
    ["before the setup is answered", { at: "setup" }, false],
    ["when the setup is answered", { at: "ready" }, false],
    ["when a text has come", { at: "userSpeaking" }, false],
    ["while the model thinks", { at: "thinking" }, false],
    ["after the first sound of the answer", { at: "modelSpeaking" }, true],
    ["when a turn is over", { at: "turnComplete" }, false],
  ];

  for (const [what, way] of WAYS)
    for (const [when, point, begun] of POINTS)
      it(`${what}, ${when}: every text is answered, and none twice`, async () => {
        const first = point.at === "setup" || point.at === "ready";
        if (!first) await ask("one");
        simulator.order({ ...point, ...way } as Fault);
        if (first) await ask("one");
        const { reason } = await ask("two");
        await ask("three");
        assert.equal(reason, begun ? "CONNECTION_LOST" : undefined);
        for (const text of ["one", "two", "three"]) assert.equal(answersTo(text).length, 1, text);
        assert.equal(talk.all("turnComplete").length, 3);
        assert.equal(talk.all("failed").length, 0);
        assert.equal(simulator.conversations.filter(({ open }) => open).length, 1);
      });

  for (const [what, fault] of [
    ["is cut again", { do: "cut" }],
    ["is refused with 1011", { do: "close", code: 1011, reason: "Internal error encountered." }],
    ["freezes", { do: "freeze" }],
  ] as const)
    it(`the resume ${what}, twice: every text is answered, and none twice`, async () => {
      await ask("one");
      simulator.order({ at: "setup", resumed: true, times: 2, ...fault }, { at: "now", do: "cut" });
      await ask("two");
      await ask("three");
      for (const text of ["one", "two", "three"]) assert.equal(answersTo(text).length, 1, text);
      assert.equal(simulator.conversations.length, 1, "it is still the same conversation");
      assert.match(JSON.stringify(simulator.conversations[0]!.context), /one.*two.*three/);
    });

  for (const [code, reason, error] of [
    [1007, "Request contains an invalid argument.", /refused a message/],
    [1008, "models/x is not found for API version v1beta", /does not know this model/],
    [1008, "Your API key was reported as leaked.", /requires a valid API key/],
  ] as const)
    for (const at of ["ready", "thinking", "modelSpeaking"] as const)
      it(`${code} "${reason}" at ${at} is not tried again: one error, and the next text begins anew`, async () => {
        simulator.order({ at, do: "close", code, reason });
        await talk.say("one").catch((told) => assert.match(String(told), error));
        const closed = await talk.next("state", ({ state }) => state === "closed");
        assert.ok(closed.cause);
        assert.equal(simulator.conversations.length, 1);
        await ask("two");
        assert.equal(answersTo("two").length, 1);
        for (const { error: told } of talk.all("failed")) assert.match(String(told), error);
        assert.ok(talk.all("failed").length <= 1);
        assert.equal(simulator.conversations.length, 2);
      });

  it("the quota is used up: it waits long, and loses nothing", async () => {
    await ask("one");
    simulator.order({ at: "thinking", do: "close", code: 1011, reason: "You exceeded your current quota" });
    await ask("two");
    assert.equal(answersTo("two").length, 1);
    assert.ok(talk.all("resumed")[0]!.pauseMs >= 30_000);
  });

  it("the handle is refused: a fresh conversation is told what was said", async () => {
    await ask("My name is Ada.");
    const refused = { code: 1008, reason: "BidiGenerateContent session not found" };
    simulator.order({ at: "setup", resumed: true, do: "close", ...refused }, { at: "now", do: "cut" });
    await ask("What is my name?");
    assert.equal(simulator.conversations.length, 2);
    assert.match(
      JSON.stringify(simulator.conversations[1]!.context),
      /Ada.*Echo: My name is Ada.*What is my name/,
    );
  });

  for (const [what, way] of WAYS.filter(([, { do: failure }]) => failure !== "freeze"))
    it(`${what} while a tool is at work: its answer is given on the next connection, once, and spoken`, async () => {
      await ask("one");
      simulator.order({ at: "toolCall", ...way } as Fault);
      await talk.say("call get_time");
      const { id } = (await talk.next("toolCall")).call;
      await talk.next("state", ({ state }) => state === "connecting");
      await giveAnswer(id);
      await talk.next("text", ({ final, text }) => final && /noon/.test(text));
      const { calls } = simulator.conversations[0]!;
      assert.deepEqual(
        calls.map(({ state, responses }) => [state, responses.length]),
        [["answered", 1]],
      );
      assert.equal(talk.all("toolCall").length, 1);
    });

  it("the server freezes while a tool is at work: the flow is told that the answer about it is missing", async () => {
    await ask("one");
    simulator.order({ at: "toolCall", do: "freeze" });
    await talk.say("call get_time");
    await giveAnswer((await talk.next("toolCall")).call.id);
    await talk.next("stall");
    assert.equal((await talk.next("turnComplete", ({ reason }) => !!reason)).reason, "CONNECTION_LOST");
    assert.equal(talk.all("toolCall").length, 1, "the tool is not called again");
    await ask("two");
    assert.equal(answersTo("two").length, 1);
  });

  it("garbage between the frames: it is told, and nothing else happens", async () => {
    for (const at of ["ready", "userSpeaking", "modelSpeaking", "turnComplete"] as const)
      simulator.order({ at, do: "garbage" });
    await ask("one");
    await ask("two");
    assert.equal(talk.all("failed").length, 4);
    assert.equal(talk.all("resumed").length, 0);
    for (const text of ["one", "two"]) assert.equal(answersTo(text).length, 1);
  });

  it("an answer that never comes: it is told as a stall, and asked again after a resume", async () => {
    await ask("one");
    simulator.order({ at: "thinking", do: "silence" });
    await ask("two");
    assert.equal(talk.all("stall").length, 1);
    assert.equal(answersTo("two").length, 1);
  });

  for (const [what, fault] of WAYS)
    it(`${what} while the user speaks: what is said afterwards is heard and given back`, async () => {
      await ask("one");
      simulator.order({ at: "userSpeaking", ...fault } as Fault);
      talk.speak(speech.subarray(0, 32_000));
      if (fault.do === "freeze") {
        // A frozen server cannot be told from a patient one until it is asked something.
        await ask("are you there?");
      } else await talk.next("resumed");
      talk.speak(Buffer.concat([silence(1_000), speech, silence(1_000)]));
      await talk.next("turnComplete");
      assert.ok(correlation(speech, 16_000, talk.heard(), 24_000) > 0.9);
    });
});

describe("a talk of two hours over connections of ten minutes, with drops in between", () => {
  it("is one conversation to the device: nothing is lost, and the pauses are told", async () => {
    const clock = new TestClock();
    const simulator = await startSimulator({ clock });
    const talk = new Talk(simulator.url, { continuity: { ...continuity, reconnectAttempts: 8 } }, clock);
    /** Lets minutes pass in steps of a second while all is well, and at the pace of the sockets while it is not. */
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 1_000) {
        while (talk.conversation.state !== "connected")
          await clock.during(new Promise((r) => setTimeout(r, 2)));
        clock.advance(1_000);
        for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const MINUTES = 120;
    const EVERY = 4;
    for (let minute = 0; minute < MINUTES; minute += EVERY) {
      if (minute % 28 === 24) simulator.order({ at: "now", do: "cut" });
      await talk.say(`This is minute ${minute}.`);
      assert.equal((await talk.next("turnComplete")).reason, undefined);
      await pass(EVERY * 60_000);
    }
    const spoken = talk.all("text").filter(({ final, role }) => final && role === "model");
    assert.equal(spoken.length, MINUTES / EVERY);
    assert.equal(talk.all("failed").length, 0);
    assert.equal(simulator.conversations.length, 1, "one conversation to the server, too");
    const remembered = JSON.stringify(simulator.conversations[0]!.context);
    for (let minute = 0; minute < MINUTES; minute += EVERY)
      assert.match(remembered, new RegExp(`is minute ${minute}\\.`));
    assert.ok(talk.all("goAway").length >= 8, "the server announced its ends");
    const gaps = talk.all("gap");
    assert.equal(gaps.length, talk.all("resumed").length);
    assert.ok(talk.all("resumed").every((event) => event.remembered));
    assert.equal(
      gaps.reduce((sum, { lostSoundMs }) => sum + lostSoundMs, 0),
      0,
    );
    talk.conversation.close();
    await simulator.close();
    assert.equal(clock.waiting, 0, "a timer was left");
  });
});
