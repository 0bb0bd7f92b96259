import assert from "node:assert/strict";
import { type Caller, call as callPage } from "../caller";
import { listenAsEditor, type NodeRed, startNodeRed } from "../node-red";
import { correlation, silence, speech } from "../speech";

/** The live session's id in the example. */
const SESSION = "7a1c0e5d2b9f430a";

describe("the example flow: talk in the browser", () => {
  let nodeRed: NodeRed;
  const callers: Caller[] = [];

  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(async () => {
    for (const { socket } of callers) socket.terminate();
    await nodeRed.stop();
  });
  const call = async () => {
    const caller = await callPage(`${nodeRed.url}/talk`);
    callers.push(caller);
    return caller;
  };
  const answered = (caller: Caller) => caller.told.next(({ event }) => event === "turnComplete");

  it("gives a recording of speech back as that speech, with captions of both sides", async () => {
    const caller = await call();
    assert.equal((await caller.told.next(({ state }) => state === "connected")).server, "simulator");
    caller.speak(Buffer.concat([speech, silence(1_000)]));
    await answered(caller);
    assert.ok(correlation(speech, 16_000, caller.heard(), 24_000) > 0.9);
    const whole = caller.told.items.filter(({ event, final }) => event === "caption" && final);
    assert.deepEqual(
      whole.map(({ role }) => role),
      ["user", "model"],
    );
    assert.match(whole[1]!.text!, /simulator/i);
    await caller.hangUp();
  });

  it("paces the answer: it takes about as long to come as it takes to hear", async () => {
    const caller = await call();
    caller.speak(Buffer.concat([speech, silence(1_000)]));
    const began = caller.told
      .next(({ event, role }) => event === "caption" && role === "model")
      .then(() => performance.now());
    const start = await began;
    await answered(caller);
    const milliseconds = caller.heard().length / 48;
    assert.ok(performance.now() - start > milliseconds - 500);
    await caller.hangUp();
  });

  it("stops the answer at once on barge-in", async () => {
    const caller = await call();
    caller.speak(Buffer.concat([speech, silence(1_000)]));
    await caller.told.next(({ role }) => role === "model");
    caller.speak(speech);
    await caller.told.next(({ event }) => event === "flush");
    const atFlush = caller.heard().length;
    await answered(caller);
    assert.equal(caller.heard().length, atFlush);
    await caller.hangUp();
  });

  it("holds two conversations with two browsers", async () => {
    const [first, second] = [await call(), await call()];
    const reversed = Buffer.from(speech);
    for (let i = 0; i < speech.length; i += 2)
      reversed.writeInt16LE(speech.readInt16LE(speech.length - 2 - i), i);
    first.speak(Buffer.concat([speech, silence(1_000)]));
    second.speak(Buffer.concat([reversed, silence(1_000)]));
    await Promise.all([answered(first), answered(second)]);
    assert.ok(correlation(speech, 16_000, first.heard(), 24_000) > 0.9);
    assert.ok(correlation(reversed, 16_000, second.heard(), 24_000) > 0.9);
    assert.ok(correlation(speech, 16_000, second.heard(), 24_000) < 0.5);
    await Promise.all([first.hangUp(), second.hangUp()]);
  });

  it("opens a conversation when a browser comes, and ends it when the browser leaves", async () => {
    const { badges, close } = await listenAsEditor(nodeRed.url);
    const caller = await call();
    await badges.next(({ node, text }) => node === SESSION && text === "connected");
    await caller.hangUp();
    await badges.next(({ node, text }) => node === SESSION && text === "closed");
    close();
  });

  it("serves the page, and says nothing of errors", async () => {
    const page = await fetch(`${nodeRed.url}/talk`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<button id="talk"/);
    assert.doesNotMatch(nodeRed.output(), /\[error\]|Error:/);
  });
});
