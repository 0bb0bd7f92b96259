import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { GoogleGenAI, type LiveConnectConfig, type LiveServerMessage, Modality } from "@google/genai";
import { WebSocket } from "ws";
import { tokenAddress } from "../../live/server/ephemeral-token";
import type { TokenPayload } from "../../nodes/messages";
import { type Simulator, startSimulator } from "../../simulator/server";
import { cleanUp, replace } from "../clean-up";
import { Inbox } from "../inbox";
import { type BadgeShown, connection, connectionTo, Flow, KEY, type Msg, node, session } from "./flow";

type Nodes = Parameters<typeof Flow.start>[0];

const MINUTE = 60_000;
const INSTRUCTION = { role: "user", parts: [{ text: "Be brief." }] };
const DECLARED = { name: "get_weather", description: "Tells the weather." };
/** What a session of these tests sets, and a tool that is wired to it. */
const SETTINGS = { instruction: "Be brief.", voice: "Kore", temperature: 0.5 };
const tool = node("tool", "gemini-tool-call", {
  functionName: DECLARED.name,
  description: DECLARED.description,
  parameters: '{"type":"object","properties":{"city":{"type":"string"}}}',
});

/** A live token with the id `token` for the session, told by `msg.user` who asks; `issued` and `refused` are behind it. */
const token = (properties: object = {}): Nodes => [
  node("token", "gemini-live-token", { session: "session", caller: "user", ...properties }, [
    ["issued"],
    ["refused"],
  ]),
  node("issued", "helper"),
  node("refused", "helper"),
];

let flow: Flow;
const opened = <T extends { close(): unknown }>(each: T): T => {
  cleanUp(() => each.close());
  return each;
};
const simulate = async (key = KEY): Promise<Simulator> => opened(await startSimulator({ key }));
const start = async (nodes: Nodes, credentials?: object) => {
  flow = await Flow.start(nodes, credentials);
};
/** Returns a simulator, and starts a flow with it. */
const startWith = async (properties: object = {}, settings: object = SETTINGS) => {
  const simulator = await simulate();
  const [live, ...behind] = session(settings);
  live!.wires = [["audio"], ["text"], ["tool"], ["events"]];
  await start([connectionTo(simulator), live!, ...behind, tool, ...token(properties)]);
  return simulator;
};
const ask = (msg: Msg = {}) => flow.send("token", { user: "somebody", ...msg });
const nextPayload = async () => (await flow.at("issued").next()).payload as TokenPayload;
const issue = (msg: Msg = {}) => {
  ask(msg);
  return nextPayload();
};
const refusal = () => flow.at("refused").next();
/** The audit events so far. */
const audits = () =>
  flow
    .everything()
    .split("\n")
    .filter((line) => line.includes('"event":"gemini-live-token.'))
    .map((line) => JSON.parse(line) as { [property: string]: unknown });
const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

/** A client with a WebSocket alone; `closed` tells the reason. */
function connect({ url, token }: TokenPayload, setup: object) {
  const socket = opened(new WebSocket(`${url}?access_token=${token}`));
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
    const live = opened(await ai.live.connect({ model, callbacks: { onmessage: frames.push } }));
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
    opened(
      await ai.live.connect({
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
  const inside = [session({ model: "models/gemini-3.1-flash-live-preview" })[0]!, token()[0]!].map(
    (each) => ({
      ...each,
      z: "sub",
      wires: [],
    }),
  );
  await start([
    connection(),
    {
      id: "sub",
      type: "subflow",
      name: "tokens",
      in: [{ x: 0, y: 0, wires: [{ id: "token" }] }],
      out: [{ x: 0, y: 0, wires: [{ id: "token", port: 0 }] }],
    },
    ...inside,
    node("instance", "subflow:sub", {}, [["issued"]]),
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

describe("a caller that asks for too many tokens", () => {
  it("gets no more than the limit, however fast it asks, and the server gets no more requests", async () => {
    const simulator = await startWith();
    const badges = flow.badges("token");
    for (let n = 0; n < 10_000; n++) ask({ n });
    const words = (count: string) => (badge: BadgeShown) => badge.text === count;
    await badges.next(words("10 issued, 9990 refused"));
    assert.equal(simulator.tokens.length, 10);
    assert.equal(flow.all("issued").length, 10);
    assert.equal(flow.all("refused").length, 9_990);
    assert.deepEqual(new Set(flow.all("refused").map(({ statusCode }) => statusCode)), new Set([429]));
    assert.equal(audits().length, 10_000);
    // Each badge goes to every editor: a flood of messages makes only some.
    assert.ok(badges.items.length < 50, `${badges.items.length} badges`);
  });

  it("gets the number of seconds after which to ask again, and then a token", async () => {
    let now = Date.now();
    replace(Date, "now", () => now);
    await startWith({ limit: 2, limitSeconds: 60 });
    await issue();
    now += 29_500;
    await issue();
    ask();
    const msg = await refusal();
    assert.deepEqual(msg.headers, { "Retry-After": "31" });
    assert.deepEqual(msg.payload, {
      error: "Too many requests: the limit is 2 tokens in 60 s. Try again in 31 s.",
      retryAfter: 31,
    });
    now += 30_400;
    ask();
    assert.deepEqual((await refusal()).headers, { "Retry-After": "1" });
    now += 100;
    await issue();
    await issue();
    ask();
    assert.equal((await refusal()).statusCode, 429);
  });

  it("does not affect other callers", async () => {
    await startWith({ limit: 1 });
    await issue({ user: "greedy" });
    ask({ user: "greedy" });
    await refusal();
    await issue({ user: "modest" });
    await issue({ user: 7 });
    ask({ user: "7" });
    await refusal();
  });

  it("is counted also when its token could not be issued", async () => {
    const simulator = await simulate("another key");
    await start([connectionTo(simulator), ...session(), ...token({ limit: 2 })]);
    for (let n = 0; n < 3; n++) ask();
    await flow.nextError();
    await flow.nextError();
    assert.equal((await refusal()).statusCode, 429);
    assert.equal(flow.caught.items.length, 2);
  });

  it("gets all of them without a limit", async () => {
    const simulator = await startWith({ limit: 0 });
    for (let n = 0; n < 50; n++) ask();
    for (let n = 0; n < 50; n++) await nextPayload();
    assert.equal(simulator.tokens.length, 50);
  });
});

describe("a caller that cannot be identified", () => {
  const UNUSABLE: [what: string, user: unknown][] = [
    ["nothing", undefined],
    ["null", null],
    ["an empty string", ""],
    ["a blank", " "],
    ["an object", {}],
    ["an array", ["me"]],
    ["true", true],
    ["no number", Number.NaN],
    ["a novel", "x".repeat(257)],
  ];
  for (const [what, user] of UNUSABLE)
    it(`gets no token: ${what}`, async () => {
      const simulator = await startWith();
      ask({ user });
      const msg = await refusal();
      assert.equal(msg.statusCode, 401);
      assert.match((msg.payload as { error: string }).error, /caller is unknown: msg\.user must/);
      assert.equal(simulator.tokens.length, 0);
    });

  it("gets no token when the path to the property ends early", async () => {
    await startWith({ caller: "msg.req.user.name" });
    ask();
    assert.match(
      ((await refusal()).payload as { error: string }).error,
      /msg\.req\.user\.name must hold a number or a text/,
    );
  });

  it("shares one limit with all others like it, where anonymous callers are allowed", async () => {
    await startWith({ callerRequired: false, limit: 1 });
    await issue({ user: undefined });
    ask({ user: null });
    assert.equal((await refusal()).statusCode, 429);
    await issue({ user: "anonymous" });
    assert.deepEqual(
      audits().map(({ caller }) => caller),
      [null, null, "anonymous"],
    );
  });
});

describe("a token that cannot be issued is an error that says what to do", () => {
  /** What is shown, said and logged holds no key, and neither output sends. */
  const expectError = async (error: RegExp, badge?: RegExp) => {
    const badges = flow.badges("token");
    ask({ topic: "mine" });
    const { message, msg } = await flow.nextError();
    assert.match(message, error);
    assert.equal(msg.topic, "mine");
    if (badge) assert.match((await badges.next(({ fill }) => fill === "red")).text!, badge);
    assert.deepEqual([flow.all("issued"), flow.all("refused")], [[], []]);
    assert.ok(!flow.everything().includes(KEY), "the key was said");
  };
  const failed = () => {
    const [entry] = audits();
    const { event, caller, reason } = entry!;
    assert.deepEqual([event, caller], ["gemini-live-token.failed", "somebody"]);
    return String(reason);
  };

  it("no session was chosen", async () => {
    await start(token({ session: "" }));
    await expectError(/has no live session\. Choose one in its dialog/, /has no live session/);
  });

  const GONE: [what: string, nodes: Nodes][] = [
    ["is not there", token()],
    [
      "is disabled",
      [
        connection(),
        ...session().map((each) => (each.id === "session" ? { ...each, d: true } : each)),
        ...token(),
      ],
    ],
    ["is another kind of node", token({ session: "issued" })],
  ];
  for (const [what, nodes] of GONE)
    it(`the session ${what}`, async () => {
      await start(nodes);
      await expectError(/live session of the live token is missing or disabled\. Choose another one/);
      assert.match(failed(), /is missing or disabled/);
    });

  it("the settings of the live session are not valid", async () => {
    await start([connection(), ...session({ temperature: 9 }), ...token()]);
    await expectError(/live session of the live token has invalid settings\. Its badge says which/);
  });

  it("the server refuses the key", async () => {
    const simulator = await simulate("another key");
    await start([connectionTo(simulator), ...session(), ...token()]);
    await expectError(/API key was refused\. Check the key in the connection/, /API key was refused/);
    assert.match(failed(), /API key was refused/);
  });

  it("there is no key", async () => {
    await start([connection({ server: "gemini" }), ...session(), ...token()], {});
    await expectError(/connection has no API key\. Enter one/);
  });

  it("the server cannot be reached", async () => {
    const gone = await startSimulator();
    await gone.close();
    await start([connectionTo(gone), ...session(), ...token()]);
    await expectError(/cannot be reached \(ECONNREFUSED\)/, /cannot be reached/);
  });

  it("the server is Vertex AI", async () => {
    await start([connection({ server: "vertex", project: "p", location: "l" }), ...session(), ...token()]);
    await expectError(/Vertex AI has no ephemeral tokens/);
  });

  it("and the badge turns green again with the next token", async () => {
    const simulator = await simulate();
    const farEnd = await startHolding();
    await start([connectionTo(farEnd), ...session(), ...token()]);
    const badges = flow.badges("token");
    ask();
    (await farEnd.requests.next()).writeHead(503).end();
    await badges.next(({ fill }) => fill === "red");
    ask();
    (await farEnd.requests.next()).end('{"name":"auth_tokens/one"}');
    const green = await badges.next(({ fill }) => fill === "green");
    assert.equal(green.text, "1 issued, 0 refused");
    assert.equal(simulator.tokens.length, 0);
  });
});

/** A server that leaves its requests for tokens to the test. */
async function startHolding() {
  const requests = new Inbox<ServerResponse>();
  const server = createServer((_request, response) => requests.push(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return opened({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close });
}

describe("while a token is being requested", () => {
  it("others are served", async () => {
    const farEnd = await startHolding();
    await start([connectionTo(farEnd), ...session(), ...token({ limit: 2 })]);
    ask({ topic: "first" });
    const first = await farEnd.requests.next();
    ask({ topic: "second" });
    (await farEnd.requests.next()).end('{"name":"auth_tokens/two"}');
    assert.equal((await flow.at("issued").next()).topic, "second");
    ask({ topic: "third" });
    assert.equal((await refusal()).topic, "third");
    first.end('{"name":"auth_tokens/one"}');
    assert.equal((await flow.at("issued").next()).topic, "first");
  });

  const ENDS: [what: string, answer: (response: ServerResponse) => unknown][] = [
    ["is made", (response) => response.end('{"name":"auth_tokens/late"}')],
    ["is refused", (response) => response.writeHead(503).end()],
    ["is never answered", (response) => response.destroy()],
  ];
  for (const [what, answer] of ENDS)
    it(`a deploy answers the request with 503, and sends nothing more when the token ${what}`, async () => {
      const farEnd = await startHolding();
      const nodes = [connectionTo(farEnd), ...session()];
      await start([...nodes, ...token()]);
      const sent = flow.sends("token");
      const badges = flow.badges("token");
      ask();
      const response = await farEnd.requests.next();
      await flow.deploy(nodes);
      answer(response);
      while (!audits().length) await turnOfTheLoop();
      await turnOfTheLoop();
      assert.deepEqual(
        sent().map(({ statusCode, headers, payload }) => ({ statusCode, headers, payload })),
        [
          {
            statusCode: 503,
            headers: { "Retry-After": "1" },
            payload: { error: "The flow is being restarted. Try again in 1 s.", retryAfter: 1 },
          },
        ],
      );
      assert.deepEqual([flow.caught.items, badges.items.filter(({ text }) => text)], [[], []]);
    });
});

describe("the audit log", () => {
  it("records who got a token, for what and until when, but not the token", async () => {
    await startWith({ lifetimeMinutes: 10 });
    const before = Date.now();
    const { token, startBefore, expiresAt } = await issue({ user: "ann" });
    const [{ timestamp, level, ...entry } = {}, ...others] = audits();
    assert.deepEqual(others, []);
    assert.deepEqual(entry, {
      event: "gemini-live-token.issued",
      node: "token",
      caller: "ann",
      session: "session",
      model: "gemini-3.8-live",
      locked: "all",
      uses: 1,
      startBefore,
      expiresAt,
    });
    assert.equal(level, 98);
    assert.ok(Number(timestamp) >= before && Number(timestamp) <= Date.now());
    const { length } = flow.everything().split(token);
    assert.equal(length - 1, 1, "the token is on the message, and nowhere else");
    assert.ok(!flow.everything().includes(KEY), "the key was said");
  });

  it("records what was locked", async () => {
    await startWith({ lock: "some", lockedFields: "tools,voice" });
    await issue();
    assert.deepEqual(audits()[0]!.locked, ["voice", "tools"]);
  });

  it("records who was refused, and why", async () => {
    await startWith({ limit: 1 });
    ask({ user: undefined });
    await refusal();
    await issue({ user: "ann" });
    ask({ user: "ann" });
    await refusal();
    const refused = audits().filter(({ event }) => event === "gemini-live-token.refused");
    assert.deepEqual(
      refused.map(({ node, caller, session }) => [node, caller, session]),
      [
        ["token", null, "session"],
        ["token", "ann", "session"],
      ],
    );
    assert.match(String(refused[0]!.reason), /caller is unknown/);
    assert.match(String(refused[1]!.reason), /Too many requests/);
  });
});

describe("the badge of a live token", () => {
  it("counts tokens and refusals since the deploy, and shows neither token nor caller", async () => {
    const simulator = await startWith({ limit: 2 });
    const badges = flow.badges("token");
    const shown = (text: string) => badges.next((badge) => badge.text === text);
    await issue();
    assert.deepEqual(await shown("1 issued, 0 refused"), {
      fill: "green",
      shape: "dot",
      text: "1 issued, 0 refused",
    });
    await issue();
    ask();
    await shown("2 issued, 1 refused");
    await flow.deploy([connectionTo(simulator), ...session(), ...token({ limit: 3 })]);
    const since = flow.badges("token");
    await issue();
    await since.next(({ text }) => text === "1 issued, 0 refused");
  });
});

describe("a live token with settings that are not valid", () => {
  const BAD: [properties: object, error: RegExp][] = [
    [{ lock: "none" }, /"Lock" must be one of all, some/],
    [
      { lock: "some", lockedFields: "voice,model" },
      /"Locked fields" must be a list of voice, .*; it is "voice,model"/,
    ],
    [{ uses: -1 }, /"Uses" must be a whole number from 0/],
    [{ uses: 1.5 }, /"Uses" must be a whole number from 0 to 1000000; it is 1\.5/],
    [{ startWithinSeconds: 0 }, /"Start within \(s\)" must be a number from 1/],
    [{ lifetimeMinutes: 1_200 }, /"Lifetime \(min\)" must be a number from 1 to 1199/],
    [{ caller: "req..ip" }, /"Caller" must be a property of msg, such as req\.ip; it is "req\.\.ip"/],
    [{ limit: "many" }, /"Rate limit" must be a whole number/],
    [{ limitSeconds: 0 }, /"Rate interval \(s\)" must be a number from 1/],
  ];
  for (const [properties, error] of BAD)
    it(`says so, and makes none: ${JSON.stringify(properties)}`, async () => {
      const simulator = await startWith(properties);
      assert.match((await flow.badges("token").next()).text!, error);
      ask();
      const caught = await flow.nextError();
      assert.match(caught.message, error);
      assert.equal(simulator.tokens.length, 0);
    });
});

describe("the address for clients with a token", () => {
  const ADDRESSES: [baseUrl: string, address: string][] = [
    ["https://generativelanguage.googleapis.com", "wss://generativelanguage.googleapis.com"],
    ["https://generativelanguage.googleapis.com/", "wss://generativelanguage.googleapis.com"],
    ["http://127.0.0.1:8765", "ws://127.0.0.1:8765"],
    ["https://gateway.example:8443/gemini", "wss://gateway.example:8443/gemini"],
    ["https://gateway.example/a/b//", "wss://gateway.example/a/b"],
    ["https://user:password@gateway.example/?secret=1#part", "wss://gateway.example"],
  ];
  for (const [baseUrl, address] of ADDRESSES)
    it(`of the server ${baseUrl} is a WebSocket of the constrained method, with nothing that is secret`, () => {
      assert.equal(
        tokenAddress({ baseUrl, apiVersion: "v1alpha" }),
        `${address}/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained`,
      );
    });
});
