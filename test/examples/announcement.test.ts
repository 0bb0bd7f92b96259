// The example flow that announces a sensor, with a microphone and a loudspeaker that are files, in a real Node-RED.

import assert from "node:assert/strict";
import { deploy, post } from "../node-red";
import { describeWithPrograms } from "../sound-programs";
import { correlation, silence, speech } from "../speech";
import { keepingPlayer, startSpeaker } from "./speaker-flow";

describeWithPrograms(["arecord", "aplay"], "the example flow: announce a sensor", () => {
  const start = async () => {
    const { PATH, played } = keepingPlayer();
    const speaker = await startSpeaker("announce a sensor", PATH);
    const { nodeRed, news, flow, idOf } = speaker;
    await deploy(nodeRed, news, flow, "full");
    const press = (name: string) => post(nodeRed, `/inject/${idOf(name)}`);
    /** Waits for the final text of an answer in the debug sidebar. */
    const said = async () =>
      (await news.debug.next(({ id, msg }) => id === idOf("transcript") && /Echo|echo/.test(msg))).msg;
    return { ...speaker, press, said, played };
  };

  it("lets an answer end before it says the announcement", async () => {
    const { devices, press, said, shows, played } = await start();
    await devices.say(Buffer.concat([speech, silence(1_000)]));
    await shows("gemini-loudspeaker", "playing");
    await press("1200 W");
    await press("2 W");
    const answered = await said();
    assert.match(answered, /You said something/);
    assert.match(await said(), /Announce: the washing machine is done\./);
    // The announcement is longer than a second.
    const both = speech.length * 1.5 + 48_000;
    while (played().length < both) await shows("gemini-loudspeaker");
    assert.ok(correlation(speech, 16_000, played(), 24_000) > 0.9, "the answer was not played in full");
  });

  it("announces the end once, however often the sensor reports, and nothing while the machine runs", async () => {
    const { press, said, news, idOf } = await start();
    for (const name of ["2 W", "2 W", "1200 W", "1200 W", "2 W", "2 W"]) await press(name);
    assert.match(await said(), /Announce: the washing machine is done\./);
    await press("1200 W");
    await press("2 W");
    assert.match(await said(), /Announce: the washing machine is done\./);
    const announced = news.debug.items.filter(
      ({ id, msg }) => id === idOf("transcript") && msg.includes("cho: "),
    );
    assert.equal(announced.length, 2);
  });
});
