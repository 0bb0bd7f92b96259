// Every kind of connection loss at every point of a turn, with the simulator: nothing is lost, and nothing is answered twice.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Fault } from "../../../simulator/faults/fault-types";
import { cleanUp } from "../../clean-up";
import { correlation, silence, speech } from "../../speech";
import { startSimulated } from "../simulated";
import { continuity } from "../talk";

const clockTool = {
  declaration: { name: "get_time", description: "Returns the time." },
  server: "the clock",
  timeoutMs: 60_000,
  check: () => undefined,
};

/** A conversation that resumes after losses and stalls, with the sweep of once a second. */
async function start() {
  const care = { ...continuity, reconnectAttempts: 8, stallTimeoutMs: 10_000, onStall: "resume" } as const;
  const simulated = await startSimulated({ continuity: care, tools: () => [clockTool] });
  const { talk, clock } = simulated;
  let stopSweep = () => {};
  const sweep = () => {
    talk.conversation.watch();
    stopSweep = clock.after(1_000, sweep);
  };
  sweep();
  cleanUp(() => stopSweep());
  return {
    ...simulated,
    /** Sends a text and waits for the end of its turn. */
    ask: async (text: string) => {
      await talk.say(text);
      return talk.next("turnComplete");
    },
    answersTo: (text: string) =>
      talk
        .all("text")
        .filter((event) => event.final && event.role === "model" && event.text.includes(`Echo: ${text}`)),
  };
}

describe("a fault at any point of a turn", () => {
  const WAYS: [what: string, fault: Partial<Fault> & Pick<Fault, "do">][] = [
    ["the network fails", { do: "cut" }],
    ["the server closes with 1011", { do: "close", code: 1011, reason: "Internal error encountered." }],
    [
      "the server closes with 1008 at the end of its time",
      { do: "close", code: 1008, reason: "The operation was aborted." },
    ],
    ["the server closes with 1000", { do: "close", code: 1000, reason: "The operation was cancelled." }],
    ["the server freezes", { do: "freeze" }],
  ];
  /** Points of the second turn, and whether its answer had begun. */
  const POINTS: [when: string, fault: Pick<Fault, "at">, begun: boolean][] = [
    ["before setupComplete", { at: "setup" }, false],
    ["at setupComplete", { at: "ready" }, false],
    ["when the server has a text", { at: "userSpeaking" }, false],
    ["while the model thinks", { at: "thinking" }, false],
    ["after the first audio of the answer", { at: "modelSpeaking" }, true],
    ["at turnComplete", { at: "turnComplete" }, false],
  ];

  for (const [what, way] of WAYS)
    for (const [when, point, begun] of POINTS)
      it(`${what}, ${when}: every text is answered, and none twice`, async () => {
        const { simulator, talk, ask, answersTo } = await start();
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
    ["fails with the network", { do: "cut" }],
    ["is closed with 1011", { do: "close", code: 1011, reason: "Internal error encountered." }],
    ["freezes", { do: "freeze" }],
  ] as const)
    it(`the resume ${what}, twice: every text is answered, and none twice`, async () => {
      const { simulator, ask, answersTo } = await start();
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
      it(`${code} "${reason}" at ${at} is not retried: one error, and the next text starts a new conversation`, async () => {
        const { simulator, talk, ask, answersTo } = await start();
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

  it("the quota is used up: it waits 30 s, and loses nothing", async () => {
    const { simulator, talk, ask, answersTo } = await start();
    await ask("one");
    simulator.order({ at: "thinking", do: "close", code: 1011, reason: "You exceeded your current quota" });
    await ask("two");
    assert.equal(answersTo("two").length, 1);
    assert.ok(talk.all("resumed")[0]!.pauseMs >= 30_000);
  });

  it("the handle is refused: it restarts with context", async () => {
    const { simulator, ask } = await start();
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
    it(`${what} during a tool call: the tool response is sent once, on the next connection, and the model speaks about it`, async () => {
      const { simulator, talk, ask } = await start();
      await ask("one");
      simulator.order({ at: "toolCall", ...way } as Fault);
      await talk.say("call get_time");
      const { id } = (await talk.next("toolCall")).call;
      await talk.next("state", ({ state }) => state === "connecting");
      await talk.respond(id, "noon");
      await talk.next("text", ({ final, text }) => final && /noon/.test(text));
      const { calls } = simulator.conversations[0]!;
      assert.deepEqual(
        calls.map(({ state, responses }) => [state, responses.length]),
        [["answered", 1]],
      );
      assert.equal(talk.all("toolCall").length, 1);
    });

  it("the server freezes during a tool call: the turn completes with CONNECTION_LOST, and the tool is not called again", async () => {
    const { simulator, talk, ask, answersTo } = await start();
    await ask("one");
    simulator.order({ at: "toolCall", do: "freeze" });
    await talk.say("call get_time");
    await talk.respond((await talk.next("toolCall")).call.id, "noon");
    await talk.next("stall");
    assert.equal((await talk.next("turnComplete", ({ reason }) => !!reason)).reason, "CONNECTION_LOST");
    assert.equal(talk.all("toolCall").length, 1, "the tool is not called again");
    await ask("two");
    assert.equal(answersTo("two").length, 1);
  });

  it("the server sends garbage between its frames: each is reported, and the turns continue", async () => {
    const { simulator, talk, ask, answersTo } = await start();
    for (const at of ["ready", "userSpeaking", "modelSpeaking", "turnComplete"] as const)
      simulator.order({ at, do: "garbage" });
    await ask("one");
    await ask("two");
    assert.equal(talk.all("failed").length, 4);
    assert.equal(talk.all("resumed").length, 0);
    for (const text of ["one", "two"]) assert.equal(answersTo(text).length, 1);
  });

  it("an answer never comes: the stall is reported, and the text sent again after a resume", async () => {
    const { simulator, talk, ask, answersTo } = await start();
    await ask("one");
    simulator.order({ at: "thinking", do: "silence" });
    await ask("two");
    assert.equal(talk.all("stall").length, 1);
    assert.equal(answersTo("two").length, 1);
  });

  for (const [what, fault] of WAYS)
    it(`${what} while the user speaks: later speech is answered`, async () => {
      const { simulator, talk, ask } = await start();
      await ask("one");
      simulator.order({ at: "userSpeaking", ...fault } as Fault);
      talk.speak(speech.subarray(0, 32_000));
      if (fault.do === "freeze") {
        // A frozen server looks like a waiting one until an answer is due.
        await ask("are you there?");
      } else await talk.next("resumed");
      talk.speak(Buffer.concat([silence(1_000), speech, silence(1_000)]));
      await talk.next("turnComplete");
      assert.ok(correlation(speech, 16_000, talk.heard(), 24_000) > 0.9);
    });
});
