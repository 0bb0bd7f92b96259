// The example flow of a UDP microphone, with ffmpeg as microphone and loudspeaker.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp } from "../clean-up";
import { describeWithPrograms, temporaryFolder, writeProgram } from "../sound-programs";
import { correlation, silence, speech } from "../speech";
import { example } from "./example";
import { MICROPHONE } from "./ffmpeg";
import { freeUdpPorts, startUdpExample, UdpDevice, until } from "./udp-device";

const raw = ["-f", "s16le", "-ar", "24000", "-ac", "1"];
const overUdp = (port: number) => ["-f", "s16le", `udp://127.0.0.1:${port}?pkt_size=640`];
const question = Buffer.concat([speech, silence(1_000)]);
const backwards = Buffer.from(speech);
for (let i = 0; i < speech.length; i += 2)
  backwards.writeInt16LE(speech.readInt16LE(speech.length - 2 - i), i);

const start = (change?: (flow: string) => string) => startUdpExample("udp microphone", "7355", change);
/** The sound that the flow has sent to a device. */
const soundOf = ({ heard }: UdpDevice) => Buffer.concat(heard.map(({ datagram }) => datagram));

describeWithPrograms(["ffmpeg"], "the example flow: UDP microphone", () => {
  it("plays the same speech on the loudspeaker, in datagrams of 20 ms at the pace of the sound", async () => {
    const { nodeRed, port, played } = await start();
    const device = await UdpDevice.open(port);
    const speakerPort = await freeUdpPorts();
    const input = ["-i", `udp://127.0.0.1:${speakerPort}`];
    const heardByUser = await device.startSpeaker(speakerPort, [...raw, ...input, "-f", "s16le"]);
    await device.say(question, overUdp);
    await played("turnComplete");
    await until(() => heardByUser().length > soundOf(device).length - 8_192);
    assert.ok(correlation(speech, 16_000, heardByUser(), 24_000) > 0.9);
    const { heard } = device;
    assert.deepEqual(new Set(heard.slice(0, -1).map(({ datagram }) => datagram.length)), new Set([960]));
    const lasted = heard.at(-1)!.at - heard[0]!.at;
    assert.ok(lasted > 0.75 * 20 * heard.length, `${heard.length} datagrams in ${lasted} ms`);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });

  it("is silent when the user speaks during an answer, and answers that", async () => {
    const { port, played } = await start();
    const device = await UdpDevice.open(port);
    await device.say(Buffer.concat([speech, speech, silence(1_000)]), overUdp);
    await until(() => device.heard.length > 25);
    await device.say(question, overUdp);
    const { seq } = await played("flush");
    await played("turnComplete"); // Of the interrupted turn.
    await played("turnComplete");
    const sound = soundOf(device);
    assert.ok(
      correlation(Buffer.concat([speech, speech]), 16_000, sound.subarray(0, 960 * seq), 24_000) < 0.9,
    );
    assert.ok(correlation(speech, 16_000, sound.subarray(960 * seq), 24_000) > 0.9);
  });

  it("gives each device its own conversation and its own answer", async () => {
    const { port, played } = await start();
    const devices = [await UdpDevice.open(port), await UdpDevice.open(port)];
    const said = [speech, backwards];
    await Promise.all(
      devices.map((device, i) => device.say(Buffer.concat([said[i]!, silence(1_000)]), overUdp)),
    );
    for (const _ of devices) await played("turnComplete");
    for (const [i, device] of devices.entries()) {
      assert.ok(correlation(said[i]!, 16_000, soundOf(device), 24_000) > 0.9);
      assert.ok(correlation(said[1 - i]!, 16_000, soundOf(device), 24_000) < 0.5);
    }
  });

  it("answers what it has heard when the datagrams stop, ends an idle conversation, and begins another with the next sound", async () => {
    const { port, played, news, idOf } = await start((flow) =>
      flow.replace('"idleTimeoutMinutes": 1', '"idleTimeoutMinutes": 0.05'),
    );
    const device = await UdpDevice.open(port);
    await device.say(speech, overUdp);
    await news.badges.next(({ node, text }) => node === idOf("gemini-live-session") && text === "closed");
    assert.ok(correlation(speech, 16_000, soundOf(device), 24_000) > 0.9);
    device.heard.length = 0;
    await device.say(speech, overUdp);
    await played("turnComplete"); // Of the first answer.
    await played("turnComplete");
    assert.ok(correlation(speech, 16_000, soundOf(device), 24_000) > 0.9);
  });
});

describeWithPrograms(
  ["ffmpeg", "socat"],
  "the command in the comment of the example flow: UDP microphone",
  () => {
    it("sends what the microphone records, and plays the answer on the loudspeaker", async () => {
      const { port, played } = await start();
      const programs = temporaryFolder();
      const file = (name: string) => join(programs, name);
      writeFileSync(file("said"), Buffer.concat([speech, silence(20_000)]));
      writeProgram(
        file("arecord"),
        `exec ffmpeg -loglevel error ${MICROPHONE.join(" ")} -f s16le - < "$(dirname "$0")/said"`,
      );
      writeProgram(file("aplay"), 'exec cat > "$(dirname "$0")/played"');
      const { info } = example("udp microphone").flow.find(({ type }) => type === "comment") as unknown as {
        info: string;
      };
      const command = /`(arecord .*)`/.exec(info)![1]!.replace("NODE_RED:7355", `127.0.0.1:${port}`);
      const PATH = `${programs}:${process.env.PATH}`;
      const shell = spawn("sh", ["-c", command], {
        env: { ...process.env, PATH },
        stdio: "ignore",
        detached: true,
      });
      const closed = once(shell, "close");
      cleanUp(async () => {
        process.kill(-shell.pid!); // The whole pipe.
        await closed;
      });
      await played("turnComplete");
      const heard = () => (existsSync(file("played")) ? readFileSync(file("played")) : Buffer.alloc(0));
      await until(() => heard().length > 48 * 2_600, "the loudspeaker has played the whole answer");
      assert.ok(correlation(speech, 16_000, heard(), 24_000) > 0.9);
    });
  },
);
