// A slow network: sound waits in the bounded buffer instead of the socket's memory.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { silence } from "../../speech";
import { Exchange } from "../exchange";

describe("sound over a slow network", () => {
  it("drops out of the offline audio buffer instead of filling memory, and flows again when there is room", async () => {
    const exchange = await Exchange.start({}, { waiting: { messages: 10, soundMs: 5_000 } });
    const { talk, farEnd } = exchange;
    await talk.say("hello", false);
    const network = (farEnd.sockets[0] as unknown as { _socket: { pause(): void; resume(): void } })._socket;
    network.pause();
    // Far more than the network between the two can hold.
    for (let second = 0; second < 600; second++) talk.speak(silence(1_000));
    assert.equal(talk.clock.waiting, 1, "one timer checks for room");
    network.resume();
    const { lostSoundMs } = await talk.next("gap");
    assert.ok(lostSoundMs > 100_000, `${lostSoundMs}`);
    await talk.say("the network is back", false);
    await exchange.seen("1 context user: the network is back");
    assert.equal(exchange.lines(/sound/).length * 20 + lostSoundMs, 600_000);
  });

  it("leaves no timer when the conversation ends while it waits for room", async () => {
    const exchange = await Exchange.start({}, { waiting: { messages: 10, soundMs: 5_000 } });
    const { talk, farEnd } = exchange;
    await talk.say("hello", false);
    (farEnd.sockets[0] as unknown as { _socket: { pause(): void } })._socket.pause();
    for (let second = 0; second < 600; second++) talk.speak(silence(1_000));
    assert.equal(talk.clock.waiting, 1);
    talk.conversation.disconnect();
    assert.equal(talk.clock.waiting, 0);
  });
});
