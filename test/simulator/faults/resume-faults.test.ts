// Faults that were seen around resumes on 3.8: a resumed session that is mute, one that forgot its history, and an early goAway.

import assert from "node:assert/strict";
import type { Fault } from "../../../simulator/server";
import { answer, hangUp, resume, room, simulate, sound, speech } from "../client";

const write = (text: string) => ({ realtimeInput: { text } });
const history = {
  clientContent: { turns: [{ role: "user", parts: [{ text: "I am Ada" }] }], turnComplete: false },
};

/** A conversation with history and one turn that was resumed under a fault. */
async function resumed(fault: Fault) {
  const { simulator, open } = await simulate({ script: [fault] });
  const first = await (await open()).begin();
  first.send(history);
  await answer(first, write("hello"));
  await hangUp(simulator, first);
  const second = await (await open()).begin(resume(first.handle));
  assert.deepEqual(second.kinds, ["setupComplete", "sessionResumptionUpdate"]);
  return { simulator, open, second };
}

it("resumed, but mute: no answer on this connection; the next one answers", async () => {
  const { simulator, open, second } = await resumed({ at: "ready", resumed: true, do: "mute" });
  for (const text of ["are you there?", "hello?"]) await answer(second, write(text));
  assert.deepEqual(second.kinds, ["setupComplete", "sessionResumptionUpdate"]);
  await hangUp(simulator, second);
  const third = await (await open()).begin(resume(second.handle));
  await answer(third, write("and now?"));
  assert.match(third.said, /Echo: and now\?$/);
});

it("resumed, but mute: speech is transcribed, and gets no answer", async () => {
  const { second } = await resumed({ at: "ready", resumed: true, do: "mute" });
  second.frames = [];
  await answer(second, {
    realtimeInput: { audio: sound(Buffer.concat([room(0.5), speech(1), room(1.5)])) },
  });
  assert.deepEqual(second.kinds, ["ACTIVITY_START", "inputTranscription", "ACTIVITY_END"]);
});

it("resumed, but forgot what was seeded: only the clientContent is gone", async () => {
  const { simulator, second } = await resumed({ at: "ready", resumed: true, do: "forget" });
  const texts = simulator.conversations[0]!.context.map(({ text }) => text);
  assert.equal(texts[0], "hello");
  assert.equal(texts.length, 2);
  await answer(second, write("who am I?"));
  const { promptTokenCount } = second.of("turnComplete")[0]!.usageMetadata!;
  const before = simulator.conversations[0]!.context.slice(0, 3).reduce((sum, { tokens }) => sum + tokens, 0);
  assert.equal(promptTokenCount, before);
});

it("goAway at once with a long time: the connection continues, and is closed when the time is up", async () => {
  const script: Fault[] = [{ at: "ready", afterMs: 1000, do: "goAway", timeLeftMs: 300_000 }];
  const { open } = await simulate({ script });
  const client = await (await open()).begin();
  await client.pass(1000);
  assert.deepEqual(client.of("goAway")[0]!.goAway, { timeLeft: "300s" });
  await answer(client, write("hello"));
  assert.equal(client.kinds.at(-1), "turnComplete");
  await client.pass(300_000);
  assert.equal((await client.closed).code, 1008);
});
