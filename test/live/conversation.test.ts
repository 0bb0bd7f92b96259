// A conversation with the simulator: how it opens, answers, ends and opens again.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { correlation, silence, speech } from "../speech";
import { startSimulated } from "./simulated";
import { settings } from "./talk";

describe("a conversation", () => {
  it("opens with the first text and answers it: audio and transcripts, then generationComplete, usage and turnComplete", async () => {
    const { talk } = await startSimulated();
    await talk.say("Good morning to you");
    await talk.next("turnComplete");
    assert.deepEqual(talk.states(), ["connecting", "connected"]);
    assert.ok(talk.heard().length > 24_000, "more than half a second of sound");
    const order = talk.events.items
      .map(({ type }) => type)
      .filter((type) => type !== "text" && type !== "state");
    assert.deepEqual([...new Set(order)], ["audio", "generationComplete", "usage", "turnComplete"]);
    const pieces = talk.all("text").filter(({ final }) => !final);
    const whole = talk.all("text").filter(({ final }) => final);
    assert.ok(pieces.length > 1);
    assert.equal(whole.length, 1);
    assert.equal(
      whole[0]?.text,
      pieces
        .map(({ text }) => text)
        .join("")
        .trim(),
    );
    assert.match(whole[0]!.text, /Good morning to you/);
  });

  it("answers speech, with the transcripts of both sides in one turn", async () => {
    const { talk } = await startSimulated();
    talk.speak(Buffer.concat([speech, silence(1_000)]));
    await talk.next("turnComplete");
    assert.ok(correlation(speech, 16_000, talk.heard(), 24_000) > 0.9);
    const whole = talk.all("text").filter(({ final }) => final);
    assert.deepEqual(
      whole.map(({ role, turn }) => [role, turn]),
      [
        ["user", 1],
        ["model", 1],
      ],
    );
  });

  it("answers the speech between activityStart and activityEnd with manual turn detection", async () => {
    const { talk } = await startSimulated({ settings: { ...settings, turnDetection: "manual" } });
    talk.conversation.connect();
    await talk.enters("connected");
    await talk.signal("activityStart");
    talk.speak(speech);
    await talk.signal("activityEnd");
    await talk.next("turnComplete");
    assert.ok(correlation(speech, 16_000, talk.heard(), 24_000) > 0.9);
  });

  it("sends what came while connecting in order, before the text that wants an answer", async () => {
    const { simulator, talk } = await startSimulated();
    for (const text of ["one", "two", "three"])
      talk.conversation.send({ kind: "text", text, turnComplete: false }, () => {});
    await talk.say("four");
    await talk.next("turnComplete");
    assert.match(JSON.stringify(simulator.conversations[0]!.context), /one.*two.*three.*four/s);
  });

  it("takes history before a question", async () => {
    const { simulator, talk } = await startSimulated();
    await talk.send({
      kind: "history",
      turns: [
        { role: "user", text: "My name is Ada." },
        { role: "model", text: "Hello Ada." },
      ],
    });
    await talk.say("What is my name?");
    await talk.next("turnComplete");
    assert.match(JSON.stringify(simulator.conversations[0]!.context), /Ada.*Hello Ada.*What is my name/s);
  });

  it("knows nothing of the previous conversation after a reset", async () => {
    const { simulator, talk } = await startSimulated();
    await talk.say("remember the number seven", false);
    talk.conversation.reset();
    await talk.say("hello");
    await talk.next("turnComplete");
    assert.equal(simulator.conversations.length, 2);
    assert.doesNotMatch(JSON.stringify(simulator.conversations[1]!.context), /seven/);
  });

  it("is not opened by sound after a disconnect, but by a text", async () => {
    const { talk } = await startSimulated();
    await talk.say("hello");
    talk.conversation.disconnect();
    assert.equal(talk.conversation.state, "closed");
    talk.speak(speech);
    assert.equal(talk.conversation.state, "closed");
    await talk.say("hello again");
    assert.equal(talk.conversation.state, "connected");
  });

  it("is opened by sound after it was closed without a disconnect", async () => {
    const { talk } = await startSimulated();
    await talk.say("hello");
    talk.conversation.close();
    talk.speak(speech);
    await talk.enters("connected");
  });

  it("rejects waiting messages when it is disconnected", async () => {
    const { talk } = await startSimulated();
    const waiting = talk.say("hello");
    talk.conversation.disconnect();
    await assert.rejects(waiting, /ended before this could be sent/);
    assert.deepEqual(talk.states(), ["connecting", "closed"]);
  });
});

describe("an unknown model", () => {
  const imaginary = { settings: { ...settings, model: "gemini-9-imaginary" } };

  it("is an error to the message that opened the conversation, and the cause of its state", async () => {
    const { talk } = await startSimulated(imaginary);
    await assert.rejects(
      talk.say("hello"),
      /does not know this model.*Check the model name.*gemini-9-imaginary/,
    );
    assert.equal(talk.all("state").at(-1)?.cause, "the server does not know this model");
    assert.equal(talk.all("failed").length, 0, "the error went to the message");
  });

  it("is an error event when only sound waited, and sound does not open the conversation again", async () => {
    const { talk, clock } = await startSimulated(imaginary);
    talk.speak(speech);
    await talk.next("failed");
    talk.speak(speech);
    clock.advance(60_000);
    talk.speak(speech);
    assert.equal(talk.conversation.state, "closed");
    assert.equal(talk.all("failed").length, 1);
  });
});
