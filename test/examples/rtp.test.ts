// The example flow of a telephone line, with ffmpeg as the telephone.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readChannel } from "../../audio/codecs/samples";
import { describeWithPrograms, temporaryFolder } from "../sound-programs";
import { correlation, silence, speech } from "../speech";
import { freeUdpPorts, startUdpExample, UdpDevice, until } from "./udp-device";

const question = Buffer.concat([speech, silence(1_000)]);
const backwards = Buffer.from(speech);
for (let i = 0; i < speech.length; i += 2)
  backwards.writeInt16LE(speech.readInt16LE(speech.length - 2 - i), i);

/** Packets of 20 ms, with RTCP on the same port. */
const overRtp =
  (ssrc: number, seq: number, law = "mulaw") =>
  (port: number) => [
    ...["-ar", "8000", "-c:a", `pcm_${law}`, "-f", "rtp", "-ssrc", String(ssrc), "-seq", String(seq)],
    `rtp://127.0.0.1:${port}?rtcpport=${port}&pkt_size=172`,
  ];

/**
 * Calls the shipped flow with each SSRC, and waits until its greeting has been heard. `answers()` are the packets after that, of
 * each call.
 */
async function call(change?: (flow: string) => string, ssrcs = [7], law?: string) {
  const line = await startUdpExample("rtp and g.711 telephone line", "4002", change);
  const phone = await UdpDevice.open(line.port);
  // The calls are there at the same time, however slowly their programs start.
  for (const seq of [64_998, 64_999]) phone.send(...ssrcs.map((ssrc) => firstPacket(ssrc, seq)));
  await Promise.all(ssrcs.map((ssrc) => phone.say(silence(100), overRtp(ssrc, 65_000, law))));
  for (const _ of ssrcs) await line.played("turnComplete");
  const greetings = callsOf(phone).map(({ length }) => length);
  assert.ok(greetings.length === ssrcs.length && greetings.every((length) => length > 50));
  const answers = () => callsOf(phone).map((packets, i) => packets.slice(greetings[i]));
  return { ...line, phone, answers };
}

function firstPacket(ssrc: number, seq: number) {
  const packet = Buffer.alloc(172, 0xff);
  packet.writeUInt32BE(0x80_00_00_00 + seq);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}

const seqOf = (packet: Buffer) => packet.readUInt16BE(2);
/** Whether a datagram is RTP, and not RTCP. */
const isSound = (packet: Buffer) => (packet[1]! & 0x7f) < 64;

/** What the flow has sent to a telephone, by its SSRC. */
function callsOf({ heard }: UdpDevice) {
  const calls = new Map<number, { at: number; packet: Buffer }[]>();
  for (const { at, datagram } of heard) {
    const ssrc = datagram.readUInt32BE(8);
    calls.set(ssrc, [...(calls.get(ssrc) ?? []), { at, packet: datagram }]);
  }
  return [...calls.values()];
}

/** The sound of packets with mu-law, as PCM16. */
function soundOf(packets: { packet: Buffer }[]): Buffer {
  const bytes = Buffer.concat(packets.map(({ packet }) => packet.subarray(12)));
  const pcm = Buffer.alloc(2 * bytes.length);
  for (const [i, sample] of readChannel(bytes, { encoding: "mulaw", channels: 1 }).entries())
    pcm.writeInt16LE(sample, 2 * i);
  return pcm;
}

const heardIn = (said: Buffer, packets: { packet: Buffer }[]) =>
  correlation(said, 16_000, soundOf(packets), 8_000);

/**
 * Fails unless these are the packets of one stream without a gap. Returns where talk spurts begin: more of them than answers
 * when the machine is slow.
 */
function spurtsOf(packets: { packet: Buffer }[], payloadType: number): number[] {
  const markers: number[] = [];
  for (const [i, { packet }] of packets.entries()) {
    assert.equal(packet[0], 0x80);
    assert.equal(packet[1]! & 0x7f, payloadType);
    if (packet[1]! & 0x80) markers.push(i);
    const before = packets[i - 1]?.packet;
    if (!before) continue;
    assert.equal((seqOf(packet) - seqOf(before)) & 0xffff, 1);
    const step = (packet.readUInt32BE(4) - before.readUInt32BE(4)) >>> 0;
    if (packet[1]! & 0x80) assert.ok(step > 800 && step < 800_000, `${step}`);
    else assert.equal(step, before.length - 12);
  }
  return markers;
}

describeWithPrograms(["ffmpeg"], "the example flow: RTP and G.711 telephone line", () => {
  for (const [law, payloadType] of [
    ["mulaw", 0],
    ["alaw", 8],
  ] as const)
    it(`greets the caller, who hears the same speech in ${law}, in numbered packets of 20 ms at the pace of the sound`, async () => {
      // What the comment tells to change for A-law: the format of audio out.
      const { nodeRed, phone, played, answers } = await call((flow) =>
        flow.replace(/"format": "mulaw",(\s+"sampleRate": "8000",\s+"frameMs")/, `"format": "${law}",$1`),
      );
      const port = await freeUdpPorts();
      const sdp = join(temporaryFolder(), "answer.sdp");
      writeFileSync(
        sdp,
        `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=answer\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio ${port} RTP/AVP ${payloadType}\n`,
      );
      const input = ["-protocol_whitelist", "file,rtp,udp", "-i", sdp];
      const heardByCaller = await phone.startSpeaker(port, [...input, "-f", "s16le", "-ar", "8000"]);
      await phone.say(question, overRtp(7, 65_500, law));
      await played("turnComplete");
      const packets = answers()[0]!;
      await until(() => heardByCaller().length > 2 * 160 * (packets.length - 10));
      assert.ok(correlation(speech, 16_000, heardByCaller(), 8_000) > 0.9);
      assert.equal(spurtsOf(callsOf(phone)[0]!, payloadType)[0], 0);
      assert.equal(spurtsOf(packets, payloadType)[0], 0);
      assert.deepEqual(new Set(packets.slice(0, -1).map(({ packet }) => packet.length)), new Set([172]));
      const lasted = packets.at(-1)!.at - packets[0]!.at;
      assert.ok(lasted > 0.75 * 20 * packets.length, `${packets.length} packets in ${lasted} ms`);
      assert.doesNotMatch(nodeRed.output(), /\[error\]/);
    });

  it("sends nothing more of an answer once the caller speaks, and answers that as another talk spurt", async () => {
    const { phone, played, answers } = await call();
    const twice = Buffer.concat([speech, speech]);
    await phone.say(Buffer.concat([twice, silence(1_000)]), overRtp(7, 1_000));
    await until(() => (answers()[0]?.length ?? 0) > 25);
    // The telephone starts again: its numbers do not follow those before.
    await phone.say(question, overRtp(7, 40_000));
    const { seq } = await played("flush");
    await played("turnComplete"); // Of the interrupted turn.
    await played("turnComplete");
    assert.equal(answers().length, 1);
    const packets = answers()[0]!;
    assert.ok(spurtsOf(packets, 0).includes(seq));
    assert.ok(heardIn(twice, packets.slice(0, seq)) < 0.9);
    assert.ok(heardIn(speech, packets.slice(seq)) > 0.9);
  });

  it("ends the answer when the telephone goes on with another SSRC, and greets that call", async () => {
    const { phone, played, answers } = await call();
    await phone.say(Buffer.concat([speech, speech, speech, silence(1_000)]), overRtp(7, 1_000));
    await until(() => (answers()[0]?.length ?? 0) > 25);
    await phone.say(silence(700), overRtp(8, 1_000));
    await played("flush");
    const before = callsOf(phone)[0]!.length;
    await played("turnComplete"); // Of the answer that has ended.
    await played("turnComplete");
    const [first, second] = callsOf(phone);
    assert.equal(first!.length, before);
    assert.ok(second!.length > 50);
  });

  it("plays no packet twice or too late, and fills in for lost ones", async () => {
    const { phone, played, answers } = await call();
    const sent: Buffer[] = [];
    phone.network = (packet) => {
      if (!isSound(packet)) return [packet];
      sent.push(packet);
      if (sent.length === 55 || sent.length === 56) return []; // The first is lost, and the second overtaken by the third.
      if (sent.length === 57) return [packet, sent[55]!];
      return [packet, packet, ...sent.slice(-5, -4)];
    };
    await phone.say(question, overRtp(7, 65_500));
    await played("turnComplete");
    assert.ok(heardIn(speech, answers()[0]!) > 0.9);
  });

  it("never mixes two calls from one address, and answers each", async () => {
    const said = [speech, backwards];
    const { phone, played, answers } = await call(undefined, [1, 2]);
    await Promise.all(
      said.map((sound, i) => phone.say(Buffer.concat([sound, silence(1_000)]), overRtp(i + 1, 1_000))),
    );
    for (const _ of said) await played("turnComplete");
    const found = answers().map((packets) => said.map((sound) => heardIn(sound, packets) > 0.9));
    assert.deepEqual(found.sort(), [
      [false, true],
      [true, false],
    ]);
  });
});
