// The admin endpoint behind the play button of the voice, in a real Node-RED, with the simulator and with servers of the test's own.

import assert from "node:assert/strict";
import { once } from "node:events";
import { beginsWav } from "../../audio/codecs/wav";
import { opened } from "../clean-up";
import { acceptSetup, startFarEnd } from "../far-end";
import { Inbox } from "../inbox";
import { deploy, type EditorNews, listenAsEditor, type NodeRed, startNodeRed } from "../node-red";
import { startPlainNodeRed } from "../plain-node-red";

const KEY = "a-key-that-nobody-may-see";
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: as users write them
const IN_ENVIRONMENT = "${NODE_RED_HOME}";
const NOT_SET = "${NOBODY_HAS_SET_THIS}";
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as users write them
const TO_SIMULATOR = { id: "connection", type: "gemini-live-config", server: "simulator" };
/** Half a second of sound at 24 kHz, and the end of the answer. */
const answerWith = (bytes: number) => ({
  serverContent: {
    modelTurn: {
      parts: [
        { inlineData: { mimeType: "audio/pcm;rate=24000", data: Buffer.alloc(bytes, 1).toString("base64") } },
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
