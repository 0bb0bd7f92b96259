// Tool calls with the simulator, from the user's text to the spoken result.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { startSimulated } from "../simulated";
import { settings } from "../talk";

const start = async (behavior?: "BLOCKING" | "NON_BLOCKING", more: Partial<typeof settings> = {}) => {
  const tools = ["get_weather", "get_time"].map((name) => ({
    declaration: { name, description: name, ...(behavior && { behavior }) } as { name: string },
    server: `the ${name} node`,
    timeoutMs: 30_000,
    check: () => undefined,
  }));
  const simulated = await startSimulated({ tools: () => tools, settings: { ...settings, ...more } });
  const { talk } = simulated;
  const said = (what: RegExp) =>
    talk.next("text", ({ final, role, text }) => final && role === "model" && what.test(text));
  return { ...simulated, said };
};

describe("tools with the simulator", () => {
  for (const behavior of ["BLOCKING", "NON_BLOCKING"] as const)
    it(`are called several at once, and the model speaks about each response (${behavior})`, async () => {
      const { simulator, talk, said } = await start(behavior);
      await talk.say('call get_weather with {"city":"Berlin"} and get_time');
      const weather = (await talk.next("toolCall")).call;
      const time = (await talk.next("toolCall")).call;
      assert.deepEqual([weather.args, time.args], [{ city: "Berlin" }, {}]);
      await talk.respond(time.id, "noon");
      await talk.respond(weather.id, "sunny");
      await said(/sunny/);
      assert.match(
        talk
          .all("text")
          .map(({ text }) => text)
          .join(" "),
        /noon/,
      );
      assert.deepEqual(
        simulator.conversations[0]!.calls.map(({ state }) => state),
        ["answered", "answered"],
      );
    });

  for (const [model, ends] of [
    ["gemini-3.1-flash-live-preview", "once, after the response"],
    ["gemini-2.5-flash-native-audio-preview-12-2025", "at the call, and after the response"],
  ] as const)
    it(`are answered before a single turn closes, on ${model}, which ends the turn ${ends}`, async () => {
      const { talk, said } = await start("BLOCKING", { model, singleTurn: true });
      await talk.say("call get_time");
      const { id } = (await talk.next("toolCall")).call;
      if (ends.startsWith("at the call")) await talk.next("turnComplete");
      await talk.respond(id, "noon");
      await said(/noon/);
      await talk.enters("closed");
    });

  it("keep their call over a lost connection: the response is sent once, on the next connection", async () => {
    const { simulator, talk, said } = await start();
    await talk.say("call get_time");
    const { id } = (await talk.next("toolCall")).call;
    await talk.next("turnComplete");
    simulator.order({ at: "now", do: "cut" });
    await talk.enters("connecting");
    await talk.respond(id, "noon");
    await said(/noon/);
    assert.equal(simulator.conversations[0]!.calls[0]!.responses.length, 1);
  });

  it("are cancelled when the server cancels the call", async () => {
    const { simulator, talk } = await start();
    await talk.say("call get_time");
    const { id } = (await talk.next("toolCall")).call;
    simulator.order({ at: "now", do: "cancel" });
    assert.deepEqual([(await talk.next("toolCancelled")).call.id], [id]);
    await assert.rejects(talk.respond(id, "late"), /waits for no response/);
  });

  it("that do not exist are reported to the model, which says so", async () => {
    const { talk, said } = await start();
    await talk.say("call open_door");
    await said(/no tool named open_door/);
  });
});
