// A page on a slow network.

import assert from "node:assert/strict";
import { once } from "node:events";
import { MAX_SOUND_BYTES, MAX_TEXT_LENGTH, Outbox, type Sink } from "../../../nodes/browser-in/outbox";
import { openPage } from "../../page-client";
import type { Msg } from "../flow";
import { startPageFlow } from "./page-flow";

/** A socket whose network takes nothing until the test says so. */
class SlowSocket implements Sink {
  bufferedAmount = 0;
  readonly sent: (string | Buffer)[] = [];
  terminated = false;
  #written: (() => void)[] = [];

  send(data: string | Buffer, written: () => void) {
    this.sent.push(data);
    this.bufferedAmount += data.length;
    this.#written.push(written);
  }

  terminate() {
    this.terminated = true;
  }

  /** The network takes what the socket holds, until nothing is left. */
  drain() {
    while (this.#written.length) {
      this.bufferedAmount = 0;
      for (const written of this.#written.splice(0)) written();
    }
  }
}

describe("what a page on a slow network gets", () => {
  it("comes late, whole and in order, as long as it is not too far behind", () => {
    const socket = new SlowSocket();
    const outbox = new Outbox(socket);
    const pushed = Array.from({ length: 1_000 }, (_, n) => (n % 10 ? Buffer.alloc(960, n) : `message ${n}`));
    for (const data of pushed) outbox.push(data);
    assert.ok(socket.sent.length < 100, "the rest waits where it can be dropped");
    socket.drain();
    assert.deepEqual(socket.sent, pushed);
  });

  it("loses its oldest sound and no message when more waits than the limit", () => {
    const socket = new SlowSocket();
    const outbox = new Outbox(socket);
    const frames = 3 * Math.ceil(MAX_SOUND_BYTES / 960);
    for (let n = 0; n < frames; n++) {
      const frame = Buffer.alloc(960);
      frame.writeUInt32LE(n);
      outbox.push(frame);
      if (n % 1_000 === 0) outbox.push(`message ${n}`);
    }
    const early = socket.sent.filter(Buffer.isBuffer).length;
    socket.drain();
    const numbers = socket.sent.filter(Buffer.isBuffer).map((frame) => frame.readUInt32LE());
    const late = numbers.slice(early);
    assert.ok(late.length * 960 <= MAX_SOUND_BYTES);
    assert.ok(late.length * 960 > MAX_SOUND_BYTES - 2_000);
    assert.deepEqual([late[0], late.at(-1)], [frames - late.length, frames - 1]);
    assert.equal(socket.sent.length - numbers.length, Math.ceil(frames / 1_000));
  });

  it("holds no sound anymore after an interruption", () => {
    const socket = new SlowSocket();
    const outbox = new Outbox(socket);
    for (let n = 0; n < 500; n++) outbox.push(Buffer.alloc(960));
    outbox.push("before");
    const early = socket.sent.length;
    outbox.dropSound();
    outbox.push("flush");
    socket.drain();
    assert.deepEqual(socket.sent.slice(early), ["before", "flush"]);
  });

  it("does not count dropped sound: as much as the limit may wait again after an interruption", () => {
    const socket = new SlowSocket();
    const outbox = new Outbox(socket);
    const frame = Buffer.alloc(65_536);
    for (let bytes = 0; bytes < MAX_SOUND_BYTES; bytes += frame.length) outbox.push(frame);
    outbox.dropSound();
    const early = socket.sent.length;
    for (let bytes = 0; bytes < MAX_SOUND_BYTES; bytes += frame.length) outbox.push(frame);
    socket.drain();
    assert.equal(socket.sent.length - early, MAX_SOUND_BYTES / frame.length);
  });

  it("ends with its socket when even its messages are too far behind", () => {
    const socket = new SlowSocket();
    const outbox = new Outbox(socket);
    for (let n = 0; n < MAX_TEXT_LENGTH / 1_000 + 100; n++) outbox.push("x".repeat(1_000));
    assert.equal(socket.terminated, true);
  });

  it("costs other pages nothing: they get their sound at once", async () => {
    const { flow, page } = await startPageFlow();
    const [slow, fast] = [await openPage(page), await openPage(page)];
    const owners: Msg["_session"][] = [];
    for (const { client } of [slow, fast]) {
      client.tell({ type: "text", text: "Hello" });
      owners.push((await flow.at("flow").next())._session);
    }
    slow.client.socket.pause();
    const frame = Buffer.alloc(96_000, 7);
    for (let n = 0; n < 150; n++) {
      for (const _session of owners)
        flow.send("out", { _session, payload: frame, mimeType: "audio/pcm;rate=24000", turn: 1 });
      while (fast.client.sound.length <= n) await once(fast.client.socket, "message");
    }
    assert.ok(fast.client.heard().equals(Buffer.alloc(150 * frame.length, 7)));
    assert.ok(slow.client.sound.length < 150);
    slow.client.socket.resume();
    flow.send("out", { _session: owners[0], event: "generationComplete", turn: 1 });
    await slow.client.next("generationComplete");
    assert.ok(slow.client.sound.length < 150, "the oldest is lost");
  });
});
