// The admin endpoint behind the play button of the voice, in a real Node-RED, with the simulator and with servers of the test's own.

import assert from "node:assert/strict";
import { once } from "node:events";
import { beginsWav } from "../../audio/codecs/wav";
import { OwnSimulator, readConnection } from "../../nodes/live-config/connection";
import { type SampleResult, serveVoiceSamples } from "../../nodes/live-session/voice-sample";
import { liveConfig } from "../../nodes/settings/live-config";
import { readSettings } from "../../nodes/settings/table";
import { opened } from "../clean-up";
import { TestClock } from "../clock";
import { acceptSetup, startFarEnd } from "../far-end";
import { deferred, Inbox } from "../inbox";
import { deploy, type EditorNews, listenAsEditor, type NodeRed, startNodeRed } from "../node-red";
import { startPlainNodeRed } from "../plain-node-red";
import { postHere } from "./admin-here";

const KEY = "a-key-that-nobody-may-see";
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: as users write them
const IN_ENVIRONMENT = "${NODE_RED_HOME}";
const NOT_SET = "${NOBODY_HAS_SET_THIS}";
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as users write them
const TO_SIMULATOR = { id: "connection", type: "gemini-live-config", server: "simulator" };
/** Sound of that many bytes. */
const answerWith = (bytes: number, rate = 24_000) => ({
  serverContent: {
    modelTurn: {
      parts: [
        {
          inlineData: {
            mimeType: `audio/pcm;rate=${rate}`,
            data: Buffer.alloc(bytes, 1).toString("base64"),
          },
        },
      ],
    },
  },
});
const COMPLETE = { serverContent: { turnComplete: true } };
type Setup = {
  model: string;
  tools?: object[];
  generationConfig: {
    speechConfig?: { voiceConfig?: { prebuiltVoiceConfig?: { voiceName: string } }; languageCode?: string };
  };
};

describe("a sample of a voice", () => {
  let nodeRed: NodeRed;
  let news: EditorNews;

  before(async () => {
    nodeRed = await startNodeRed();
    news = await listenAsEditor(nodeRed.url);
  });
  after(() => {
    news.close();
    return nodeRed.stop();
  });

  const request = (body: object, signal?: AbortSignal) =>
    fetch(`${nodeRed.url}/gemini-live-session/voice-sample`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        connection: "connection",
        model: "gemini-3.8-live",
        voice: "Kore",
        language: "",
        ...body,
      }),
      ...(signal && { signal }),
    });
  const sample = async (body: object = {}): Promise<{ wav?: Buffer; error?: string; status: number }> => {
    const response = await request(body);
    const said = await response.text();
    assert.ok(!said.includes(KEY));
    const { wav, error } = JSON.parse(said);
    return { status: response.status, error, ...(wav && { wav: Buffer.from(wav, "base64") }) };
  };
  const deployConnection = (properties: object) =>
    deploy(nodeRed, news, [{ ...TO_SIMULATOR, credentials: { apiKey: KEY }, ...properties }], "full");
  /** A server that answers each text like this. */
  const answering = async (...frames: object[]) => {
    const setups = new Inbox<Setup>();
    const accept = acceptSetup((frame, reply) => {
      if ("clientContent" in frame || "realtimeInput" in frame) for (const each of frames) reply(each);
    });
    const farEnd = await opened(
      startFarEnd((frame, ...rest) => {
        if (frame.setup) setups.push(frame.setup as Setup);
        accept(frame, ...rest);
      }),
    );
    await deployConnection({ server: "custom", url: farEnd.url });
    return { farEnd, setups };
  };

  it("is what the simulator answers, without a key", async () => {
    await deployConnection({});
    const { wav, error } = await sample();
    assert.equal(error, undefined);
    assert.ok(beginsWav(wav!));
    assert.equal(wav!.readUInt32LE(24), 24_000);
    assert.ok(wav!.length > 4_800, String(wav!.length));
  });

  it("is spoken by the server in a conversation of its own, with the voice and language of the dialog, which is closed", async () => {
    const { farEnd, setups } = await answering(answerWith(24_000), answerWith(24_000), COMPLETE);
    const { wav } = await sample({ voice: "Puck", language: "de-DE" });
    assert.equal(wav!.length, 44 + 48_000);
    assert.equal(wav!.readUInt32LE(40), 48_000);
    const { model, tools, generationConfig } = await setups.next();
    assert.equal(model, "models/gemini-3.8-live");
    assert.equal(tools, undefined);
    assert.equal(generationConfig.speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName, "Puck");
    assert.equal(farEnd.requests.length, 1);
    const [socket] = farEnd.sockets;
    if (socket!.readyState < socket!.CLOSED) await once(socket!, "close");
  });

  it("has the model, voice and language of variables of the environment, as after a deploy", async () => {
    const { setups } = await answering(answerWith(24_000), COMPLETE);
    const { error } = await sample({ model: IN_ENVIRONMENT, voice: IN_ENVIRONMENT, language: NOT_SET });
    assert.equal(error, undefined);
    const { model, generationConfig } = await setups.next();
    assert.match(model, /node-red-/);
    assert.match(generationConfig.speechConfig!.voiceConfig!.prebuiltVoiceConfig!.voiceName, /node-red-/);
    assert.equal(generationConfig.speechConfig!.languageCode, NOT_SET);
  });

  it("has the sample rate that the server names", async () => {
    await answering(answerWith(16_000, 16_000), COMPLETE);
    const { wav } = await sample();
    assert.deepEqual([wav!.readUInt32LE(24), wav!.readUInt32LE(40)], [16_000, 16_000]);
  });

  it("is not tried again when the connection is lost", async () => {
    const farEnd = await opened(
      startFarEnd(acceptSetup((frame, _reply, socket) => "clientContent" in frame && socket.close(1011))),
    );
    await deployConnection({ server: "custom", url: farEnd.url });
    assert.ok((await sample()).error);
    assert.equal(farEnd.requests.length, 1);
  });

  it("ends after fifteen seconds of sound", async () => {
    await answering(...Array(40).fill(answerWith(24_000)));
    const { wav } = await sample();
    assert.equal(wav!.length, 44 + 15 * 48_000);
  });

  it("says in words what is wrong", async () => {
    await answering(COMPLETE);
    assert.match((await sample()).error!, /^GEMINI_MODEL: gemini-3\.8-live answered without sound\.$/);
    assert.match((await sample({ connection: "other" })).error!, /not deployed\. Deploy it/);
    assert.match((await sample({ connection: undefined })).error!, /not deployed\. Deploy it/);
    const refusing = await opened(
      startFarEnd((_frame, _reply, socket) => socket.close(1007, `API key not valid. ${KEY}`)),
    );
    await deployConnection({ server: "custom", url: refusing.url });
    assert.match((await sample()).error!, /the API key was refused/);
    await deployConnection({ server: "gemini", credentials: { apiKey: "" } });
    assert.match((await sample()).error!, /key/);
  });

  it("is made one at a time, and ends with the dialog", async () => {
    const { farEnd, setups } = await answering();
    const dialog = new AbortController();
    const first = request({}, dialog.signal).catch((error: Error) => error.name);
    await setups.next();
    const second = await sample();
    assert.deepEqual(
      [second.status, second.error],
      [409, "Another voice is being played. Try again in a moment."],
    );
    const [socket] = farEnd.sockets;
    const closed = once(socket!, "close");
    dialog.abort();
    assert.equal(await first, "AbortError");
    await closed;
  });
});

describe("a sample of a voice in this process", () => {
  it("waits 20 s at most for a server that says nothing", async () => {
    const clock = new TestClock();
    const asked = deferred();
    const farEnd = await opened(
      startFarEnd(acceptSetup((frame) => "clientContent" in frame && asked.resolve())),
    );
    const settings = readSettings(liveConfig, { server: "custom", url: farEnd.url });
    const connection = readConnection({} as never, settings, { apiKey: KEY }, new OwnSimulator());
    const node = { type: "gemini-live-config", connection: () => connection };
    const result = postHere<SampleResult>(
      (RED) => serveVoiceSamples(RED, clock),
      { connection: "any" },
      node,
    );
    await asked.promise;
    clock.advance(20_000);
    const said = await result;
    assert.match("error" in said ? said.error : "", /The server sent no whole sample within 20 s\.$/);
    assert.equal(clock.waiting, 0);
  });
});

describe("a sample of a voice with a login for the editor", () => {
  it("needs the permission to change flows", async () => {
    const secured = await startPlainNodeRed(
      `adminAuth: { type: "credentials", users: [],
        tokens: (token) => Promise.resolve(token === "reader" ? { username: "r", permissions: "read" } : token === "all" ? { username: "a", permissions: "*" } : null) },`,
      [TO_SIMULATOR],
    );
    await opened({ close: () => secured.stop() });
    const status = async (headers: object) =>
      (
        await fetch(`${secured.url}/gemini-live-session/voice-sample`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify({ connection: "none" }),
        })
      ).status;
    assert.equal(await status({}), 401);
    assert.equal(await status({ authorization: "Bearer reader" }), 401);
    assert.equal(await status({ authorization: "Bearer all" }), 200);
  });
});
