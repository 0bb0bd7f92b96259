// A page in conversation with a live session, without audio in and audio out between them.

import assert from "node:assert/strict";
import { type Simulator, startSimulator } from "../../../simulator/server";
import { opened } from "../../clean-up";
import { node } from "../../flow-node";
import { openPage } from "../../page-client";
import { chunksOf, correlation, silence, speech } from "../../speech";
import { connection } from "../flow";
import { startPageFlow } from "./page-flow";

/** The smallest JPEG that the simulator takes: a header with a size. */
const JPEG = Buffer.from(
  "ffd8ffe000104a46494600010100000100010000ffc0001108001000100301110002110103110100ffd9",
  "hex",
);

describe("a page that is wired to a live session", () => {
  const start = async (settings: object = {}) => {
    const simulator: Simulator = await opened(startSimulator());
    const { page } = await startPageFlow(
      {},
      [
        connection({ server: "custom", url: simulator.url }),
        node("session", "gemini-live-session", { connection: "connection", ...settings }, [
          ["out"],
          ["out"],
          ["out"],
          ["out"],
        ]),
      ],
      ["session"],
    );
    const { client } = await openPage(page);
    return { client };
  };

  it("talks at its own sample rate: its speech comes back", async () => {
    const { client } = await start();
    client.tell({ type: "start", rate: 48_000, language: "en" });
    const sound = upsampled(Buffer.concat([speech, silence(1_000)]));
    for (const chunk of chunksOf(sound, 1_920)) client.socket.send(chunk);
    await client.next("turnComplete");
    assert.ok(correlation(speech, 16_000, client.heard(), 24_000) > 0.9);
  });

  it("sends a picture to the model", async () => {
    const { client } = await start();
    client.tell({ type: "picture", data: JPEG.toString("base64") });
    client.tell({ type: "text", text: "What is this?" });
    await client.next(
      "text",
      ({ role, final, text }) => role === "model" && final && /seen 1 image/.test(text),
    );
  });

  it("says nothing wrong when it reports what it has played", async () => {
    const { client } = await start();
    client.tell({ type: "text", text: "Hello" });
    const { turn = 0 } = await client.next("turnComplete");
    client.tell({ type: "played", turn });
    client.tell({ type: "text", text: "Hello again" });
    await client.next("turnComplete");
    assert.ok(!client.told.items.some(({ type }) => type === "error"));
  });
});

/** 16 kHz as 48 kHz: each sample three times. */
function upsampled(sound: Buffer): Buffer {
  const result = Buffer.alloc(3 * sound.length);
  for (let i = 0; i < sound.length / 2; i++)
    for (let n = 0; n < 3; n++) result.writeInt16LE(sound.readInt16LE(2 * i), 2 * (3 * i + n));
  return result;
}
