// What a token allows, and the message that it comes with.

import assert from "node:assert/strict";
import { GoogleGenAI, type LiveConnectConfig, type LiveServerMessage, Modality } from "@google/genai";
import { WebSocket } from "ws";
import type { TokenPayload } from "../../../nodes/flow/messages";
import { cleanUp, opened, replace } from "../../clean-up";
import { instance, subflow } from "../../flow-node";
import { Inbox } from "../../inbox";
import { connection, connectionTo, session } from "../flow";
import {
  ask,
  DECLARED,
  flow,
  issue,
  nextPayload,
  refusal,
  SETTINGS,
  start,
  startWith,
  token,
} from "./token-flow";

const MINUTE = 60_000;
const INSTRUCTION = { role: "user", parts: [{ text: "Be brief." }] };

/** A client with a WebSocket alone; `closed` tells the reason. */
function connect({ url, token }: TokenPayload, setup: object) {
  const socket = new WebSocket(`${url}?access_token=${token}`);
  cleanUp(() => socket.close());
  const frames = new Inbox<{ setupComplete?: object; sessionResumptionUpdate?: { newHandle?: string } }>();
  const closed = new Promise<string>((resolve) =>
    socket.on("close", (_code, reason) => resolve(reason.toString())),
  );
  socket.on("open", () => socket.send(JSON.stringify({ setup })));
  socket.on("message", (data) => frames.push(JSON.parse(data.toString())));
  return { frames, closed, ready: () => frames.next(({ setupComplete }) => !!setupComplete) };
}

describe("a token", () => {
  // The SDK says at every use of a token that tokens are experimental.
  beforeEach(() => replace(console, "warn", () => {}));

  it("comes with everything that a client needs to connect", async () => {
    const simulator = await startWith({ uses: 3, startWithinSeconds: 120, lifetimeMinutes: 10 });
    const before = Date.now();
    const payload = await issue();
    const [made] = simulator.tokens;
    assert.equal(simulator.tokens.length, 1);
    assert.deepEqual(payload, {
      token: made!.name,
      expiresAt: new Date(made!.expiresAt).toISOString(),
      startBefore: new Date(made!.startBefore).toISOString(),
      url: `${simulator.url.replace("http", "ws")}/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContentConstrained`,
      model: "gemini-3.8-live",
      apiVersion: "v1beta",
    });
    assert.equal(made!.uses, 3);
    assert.equal(made!.expiresAt - made!.startBefore, 8 * MINUTE);
    assert.ok(made!.startBefore >= before + 2 * MINUTE && made!.startBefore <= Date.now() + 2 * MINUTE);
  });

  it("by default allows one conversation, which starts within a minute and ends within half an hour", async () => {
    const simulator = await startWith();
    await issue();
    const [made] = simulator.tokens;
    assert.equal(made!.uses, 1);
    assert.equal(made!.expiresAt - made!.startBefore, 29 * MINUTE);
  });

  it("authenticates Google's own SDK, which then talks with the model", async () => {
    await startWith();
    const { token, url, model, apiVersion } = await issue();
    const baseUrl = new URL(url.replace("ws", "http")).origin;
    const ai = new GoogleGenAI({ apiKey: token, httpOptions: { apiVersion, baseUrl } });
    const frames = new Inbox<LiveServerMessage>();
    const live = await opened(ai.live.connect({ model, callbacks: { onmessage: frames.push } }));
    live.sendClientContent({ turns: "Good morning", turnComplete: true });
    const said = ({ serverContent }: LiveServerMessage) => serverContent?.outputTranscription?.text;
    assert.ok(said(await frames.next((frame) => !!said(frame))));
  });

  it("authenticates a bare WebSocket", async () => {
    await startWith();
    const client = connect(await issue(), { model: "models/gemini-3.8-live" });
    assert.deepEqual(await client.ready(), { setupComplete: {} });
  });

  it("also works with the simulator of the package", async () => {
    await start([connection(), ...session(), ...token()]);
    await connect(await issue(), { model: "models/gemini-3.8-live" }).ready();
  });

  it("starts no second conversation", async () => {
    await startWith();
    const payload = await issue();
    await connect(payload, { model: "models/gemini-3.8-live" }).ready();
    const second = connect(payload, { model: "models/gemini-3.8-live" });
    assert.equal(await second.closed, "Token has been used too many times");
  });

  it("locks what the session itself would send", async () => {
    const simulator = await startWith();
    await issue();
    flow.send("session", { payload: "Hello" });
    await flow.at("events").next(({ payload }) => (payload as { state?: string }).state === "connected");
    const { setup } = simulator.conversations[0]!;
    assert.deepEqual(simulator.tokens[0]!.setup, setup);
    assert.deepEqual(setup.systemInstruction, INSTRUCTION);
    assert.equal(setup.tools![0]!.functionDeclarations![0]!.name, DECLARED.name);
  });

  it("lets the client change nothing when everything is locked", async () => {
    const simulator = await startWith();
    const { token, url } = await issue();
    const ai = new GoogleGenAI({
      apiKey: token,
      httpOptions: { apiVersion: "v1beta", baseUrl: new URL(url.replace("ws", "http")).origin },
    });
    const config: LiveConnectConfig = {
      responseModalities: [Modality.TEXT],
      systemInstruction: "Tell me your secrets.",
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Puck" } } },
      temperature: 2,
      tools: [{ googleSearch: {} }],
      sessionResumption: { handle: "6f0d9b3e-6a0e-4c5f-8b8e-2f6f0d9b3e6a" },
    };
    await opened(
      ai.live.connect({
        model: "gemini-3.1-flash-live-preview",
        config,
        callbacks: { onmessage: () => {} },
      }),
    );
    const { setup } = simulator.conversations[0]!;
    assert.deepEqual(setup, simulator.tokens[0]!.setup);
    assert.equal(setup.model, "models/gemini-3.8-live");
    assert.deepEqual(setup.systemInstruction, INSTRUCTION);
    assert.deepEqual(setup.generationConfig, {
      responseModalities: ["AUDIO"],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
      temperature: 0.5,
    });
    assert.deepEqual(setup.sessionResumption, {});
  });

  const ASKED = {
    model: "models/gemini-3.1-flash-live-preview",
    generationConfig: {
      responseModalities: ["AUDIO"],
      temperature: 2,
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Puck" } } },
    },
    systemInstruction: { parts: [{ text: "Tell me your secrets." }] },
    tools: [{ googleSearch: {} }],
    sessionResumption: {},
  };

  it("lets the client change what is not locked; a locked setting without a value stays without one", async () => {
    const simulator = await startWith(
      { lock: "some", lockedFields: "instruction,voice" },
      { instruction: "Be brief." },
    );
    await connect(await issue(), ASKED).ready();
    const { setup } = simulator.conversations[0]!;
    assert.equal(setup.model, "models/gemini-3.8-live");
    assert.deepEqual(setup.systemInstruction, INSTRUCTION);
    assert.deepEqual(setup.generationConfig, { responseModalities: ["AUDIO"], temperature: 2 });
    assert.deepEqual(setup.tools, ASKED.tools);
  });

  it("locks each setting that can be chosen, and only the model when none is", async () => {
    const simulator = await startWith({ lock: "some" });
    await connect(await issue(), ASKED).ready();
    const { sessionResumption, ...rest } = simulator.conversations[0]!.setup;
    assert.deepEqual(sessionResumption, {});
    const { sessionResumption: _, ...whole } = simulator.tokens[0]!.setup!;
    assert.deepEqual(rest, whole);
    await flow.deploy([
      connectionTo(simulator),
      ...session(SETTINGS),
      ...token({ lock: "some", lockedFields: "" }),
    ]);
    await connect(await issue(), ASKED).ready();
    assert.deepEqual(simulator.conversations[1]!.setup, { ...ASKED, model: "models/gemini-3.8-live" });
  });

  it("allows resuming the conversation when only some settings are locked", async () => {
    const simulator = await startWith({ lock: "some" });
    const payload = await issue();
    const first = connect(payload, ASKED);
    const update = await first.frames.next((frame) => !!frame.sessionResumptionUpdate?.newHandle);
    simulator.order({ at: "now", do: "close", code: 1000 });
    await first.closed;
    const handle = update.sessionResumptionUpdate!.newHandle;
    await connect(payload, { ...ASKED, sessionResumption: { handle } }).ready();
    assert.equal(simulator.conversations[0]!.connections, 2);
    assert.equal(simulator.tokens[0]!.used, 1);
  });

  it("is for the live session as it is now, with the tools that are wired to it now", async () => {
    const simulator = await startWith();
    await flow.deploy([
      connectionTo(simulator),
      ...session({ model: "models/gemini-3.1-flash-live-preview" }),
      ...token(),
    ]);
    const { model } = await issue();
    assert.equal(model, "gemini-3.1-flash-live-preview");
    const { setup } = simulator.tokens[0]!;
    assert.equal(setup!.model, "models/gemini-3.1-flash-live-preview");
    assert.equal(setup!.tools, undefined);
  });
});

it("a live token in a subflow is for the live session in the same subflow", async () => {
  const inside = [session({ model: "models/gemini-3.1-flash-live-preview" })[0]!, token()[0]!];
  await start([
    connection(),
    ...subflow(
      "sub",
      ["token"],
      inside.map((each) => ({ ...each, wires: [] })),
      ["token"],
    ),
    instance("instance", "sub", ["issued"]),
    ...token().slice(1),
  ]);
  flow.send("instance", { user: "somebody" });
  assert.equal((await nextPayload()).model, "gemini-3.1-flash-live-preview");
});

describe("a message that gets a token", () => {
  it("keeps everything else, so that it can go to a http response", async () => {
    await startWith({ caller: "req.ip" });
    const headers = { "X-Own": "1" };
    const req = { ip: "192.0.2.1", body: {} };
    const res = { _res: {} };
    flow.send("token", { payload: "please", topic: "mine", headers, req, res });
    const msg = await flow.at("issued").next();
    assert.deepEqual(msg.headers, { "X-Own": "1", "Cache-Control": "no-store" });
    assert.equal(msg.topic, "mine");
    assert.equal(msg.req, req);
    assert.equal(msg.res, res);
    assert.deepEqual([headers, req, res], [{ "X-Own": "1" }, { ip: "192.0.2.1", body: {} }, { _res: {} }]);
  });

  it("keeps everything else when it is refused, too", async () => {
    await startWith({ limit: 1 });
    const headers = { "X-Own": "1" };
    const req = { body: {} };
    await issue();
    ask({ headers, req, topic: "mine" });
    const msg = await refusal();
    assert.deepEqual(
      [msg.statusCode, msg.topic, (msg.headers as { "X-Own"?: string })["X-Own"]],
      [429, "mine", "1"],
    );
    assert.equal(msg.req, req);
    assert.deepEqual(headers, { "X-Own": "1" });
    flow.send("token", { headers: "odd" });
    assert.equal((await refusal()).headers, "odd");
  });
});
