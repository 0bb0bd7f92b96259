// The function nodes of the telephone line, with packets that ffmpeg does not send, and with a clock of the test.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { compileFunction } from "node:vm";
import { examplePath } from "../example-path";

describe("the functions of the example flow: RTP and G.711 telephone line", () => {
  const nodes = JSON.parse(readFileSync(examplePath("rtp and g.711 telephone line"), "utf8")) as {
    name: string;
    func: string;
  }[];
  type Packet = { ip: string; port: number; fromip: string; payload: Buffer };
  type Call = { sent: { seq: number; time: number; ssrc: number } };

  /** Both functions, with a flow context and a clock of the test. */
  function line() {
    const context: { calls?: Record<string, Call> } = {};
    const badges: { text?: string }[] = [];
    const ended: (string | undefined)[] = [];
    const test = { now: 0, context, badges, ended };
    const flow = {
      get: () => context.calls,
      set: (_: string, calls: Record<string, Call>) => {
        context.calls = calls;
      },
    };
    const functionOf = (name: string) => {
      const { func } = nodes.find((node) => node.name === name)!;
      const compiled = compileFunction(func, ["msg", "flow", "node", "Date", "Buffer"]);
      const node = {
        status: (badge: object) => badges.push(badge),
        send: ({ session, action }: { session: string; action: string }) =>
          ended.push(action === "disconnect" ? session : undefined),
      };
      return (msg: object) => compiled(msg, flow, node, { now: () => test.now }, Buffer);
    };
    const receive = functionOf("RTP in") as (
      msg: Packet,
    ) => { session: string; seq: number; mimeType: string; payload: Buffer } | undefined;
    const send = functionOf("RTP out") as (msg: object) => Packet | undefined;
    const from = (payload: Buffer, port = 5_000) =>
      receive({ ip: "10.0.0.1", port, fromip: `10.0.0.1:${port}`, payload });
    return Object.assign(test, { from, send });
  }

  /** A packet with the sound `bytes`; by default its time is that of its number, without a break where the numbers begin again. */
  function packet(
    seq: number,
    bytes = [1, 2, 3],
    ssrc = 9,
    payloadType = 0,
    time = 160 * ((seq + 0x8000) & 0xffff),
  ) {
    const header = Buffer.from([0x80, payloadType, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt16BE(seq, 2);
    header.writeUInt32BE(time, 4);
    header.writeUInt32BE(ssrc, 8);
    return Buffer.concat([header, Buffer.from(bytes)]);
  }

  it("takes the sound from between CSRC list, header extension and padding", () => {
    const { from } = line();
    const csrc = [0, 0, 0, 1, 0, 0, 0, 2];
    const extension = [0xbe, 0xde, 0, 1, 7, 7, 7, 7];
    const full = packet(1, [...csrc, ...extension, 1, 2, 3, 0, 2], 9, 8);
    full[0] = 0x80 | 0x20 | 0x10 | 2;
    assert.deepEqual(from(full), {
      session: "10.0.0.1:5000/9",
      seq: 1,
      mimeType: "audio/pcma",
      payload: Buffer.from([1, 2, 3]),
    });
  });

  it("ignores RTCP, other payload types and whatever else comes, also 10,000 odd datagrams", () => {
    const { from } = line();
    for (const payloadType of [200 & 0x7f, 13, 101])
      assert.equal(from(packet(1, [1, 2], 9, payloadType)), undefined);
    const stun = packet(1);
    stun[0] = 0;
    assert.equal(from(stun), undefined);
    for (let length = 0; length <= 12; length++) assert.equal(from(packet(1).subarray(0, length)), undefined);
    for (let n = 0; n < 10_000; n++) {
      const odd = randomBytes(n % 40);
      if (n % 2 && odd.length > 1) odd.set([0x80 | odd[0]!, n % 4 ? 0 : 8]);
      const sound = from(odd);
      assert.ok(!sound || sound.payload.length > 0);
    }
  });

  it("drops duplicates and late packets, also where the numbers begin again, and takes a telephone that starts again", () => {
    const { from } = line();
    const taken = (seq: number) => from(packet(seq)) !== undefined;
    const numbers = [65_533, 65_535, 65_534, 65_535, 0, 65_535, 3, 1, 2, 4, 40_000, 4, 5];
    assert.deepEqual(numbers.map(taken), [
      ...[true, true, false, false, true, false, true, false, false, true],
      ...[true, true, true],
    ]);
    assert.equal(from(packet(5, [1], 10))?.session, "10.0.0.1:5000/10");
    assert.equal(from(packet(5), 5_001)?.session, "10.0.0.1:5001/9");
  });

  it("takes every packet of a telephone that starts again with the same SSRC, and numbers it as the next one", () => {
    for (const again of [1_000, 999, 950, 901]) {
      const { from } = line();
      const numbers = [1_000, again, again + 1, again].map(
        (seq, i) => from(packet(seq, [1], 9, 0, i ? 2 ** 31 + 160 * seq : 160 * seq))?.seq,
      );
      assert.deepEqual(numbers, [1_000, 1_001, 1_002, undefined]);
    }
  });

  it("ends a call when its telephone goes on with another SSRC, and no call that goes on beside another one", () => {
    const test = line();
    const hear = (ms: number, ssrc: number, seq: number, port?: number) => {
      test.now += ms;
      return test.from(packet(seq, [1], ssrc), port)?.session;
    };
    hear(0, 1, 1);
    hear(0, 1, 1, 5_001);
    for (let seq = 1; seq < 100; seq++) {
      hear(10, 2, seq);
      hear(10, 1, seq + 1);
    }
    assert.deepEqual(test.ended, []);
    const answer = {
      session: "10.0.0.1:5000/1",
      mimeType: "audio/pcmu;rate=8000",
      payload: Buffer.alloc(160),
    };
    assert.ok(test.send(answer));
    hear(5_000, 2, 100);
    assert.deepEqual(test.ended, []);
    for (let seq = 1; seq < 30; seq++) hear(20, 3, seq);
    assert.deepEqual(test.ended, ["10.0.0.1:5000/1", "10.0.0.1:5000/2"]);
    assert.equal(test.send(answer), undefined);
    assert.deepEqual(Object.keys(test.context.calls!), ["10.0.0.1:5001/1", "10.0.0.1:5000/3"]);
  });

  it("takes 20 calls, and another one a minute after the last packet of one of them", () => {
    const test = line();
    const hear = (call: number) => test.from(packet(test.now, [1], 9), 5_000 + call);
    for (let call = 0; call < 20; call++) assert.ok(hear(call));
    test.now = 60_000;
    assert.ok(hear(19));
    assert.equal(hear(20), undefined);
    assert.equal(test.badges.at(-1)!.text, "20 calls");
    test.now = 60_001;
    assert.ok(hear(20));
    assert.deepEqual(Object.keys(test.context.calls!), ["10.0.0.1:5019/9", "10.0.0.1:5020/9"]);
    assert.deepEqual(test.badges.at(-1), {});
  });

  it("numbers the packets of the answer beyond the largest number, and counts silence in their timestamps", () => {
    const test = line();
    const { session } = test.from(packet(1))!;
    test.now = 2 ** 32 / 8 - 20;
    test.context.calls![session]!.sent.seq = 65_535;
    const sent = (ms: number) => {
      test.now += ms;
      const { payload, ip, port } = test.send({
        session,
        mimeType: "audio/pcmu;rate=8000",
        payload: Buffer.alloc(160),
      })!;
      assert.deepEqual([ip, port, payload.length], ["10.0.0.1", 5_000, 172]);
      return [payload.readUInt16BE(2), payload.readUInt32BE(4), payload[1]];
    };
    assert.deepEqual(sent(0), [65_535, 2 ** 32 - 160, 0x80]);
    assert.deepEqual(sent(25), [0, 0, 0]);
    assert.deepEqual(sent(15), [1, 160, 0]);
    assert.deepEqual(sent(1_000), [2, 8_160, 0x80]);
    assert.equal(test.send({ session: "another", payload: Buffer.alloc(160) }), undefined);
  });
});
