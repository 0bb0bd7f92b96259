// Settings that a message gives one conversation, over those of the node.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { buildSetup } from "../../../live/setup/setup";
import { LOCKED_FIELDS, lockOf } from "../../../live/setup/token-lock";
import { conversationSettings } from "../../../nodes/live-session/conversation-settings";
import { liveSession, PER_CONVERSATION } from "../../../nodes/settings/live-session";
import { readSettings } from "../../../nodes/settings/table";
import { startSimulator } from "../../../simulator/server";
import { opened, replace } from "../../clean-up";
import { acceptResumable, type FarEnd } from "../../far-end";
import { deferred } from "../../inbox";
import { connectionTo, event, Flow, type Msg, session, startSession, state, textsIn } from "../flow";

interface Setup {
  model: string;
  generationConfig?: {
    temperature?: number;
    topP?: number;
    translationConfig?: object;
    speechConfig?: {
      languageCode?: string;
      voiceConfig?: { prebuiltVoiceConfig?: { voiceName?: string } };
    };
  };
  inputAudioTranscription?: object;
  systemInstruction?: { parts: { text: string }[] };
  sessionResumption?: { handle?: string };
}

const circle: Record<string, unknown> = {};
circle.circle = circle;
const NATIVE = "gemini-2.5-flash-native-audio-preview-12-2025";

describe("the action connect with settings in the payload", () => {
  let flow: Flow;
  let farEnd: FarEnd;
  /** A server that gives each connection a handle, and answers each text. */
  const start = async (properties: object = {}, settings: object = {}) => {
    const server = acceptResumable((_frame, reply) => reply({ serverContent: { turnComplete: true } }));
    ({ flow, farEnd } = await startSession(server, settings, { voice: "Kore", ...properties }));
  };
  const setups = () => farEnd.frames.flatMap(({ setup }: { setup?: Setup }) => (setup ? [setup] : []));
  const voices = () =>
    setups().map(
      ({ generationConfig }) => generationConfig?.speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName,
    );
  const handles = () => setups().map(({ sessionResumption }) => sessionResumption?.handle);
  const connect = (payload: unknown, more: Msg = {} as Msg) =>
    flow.send("session", { ...more, action: "connect", payload });
  const connected = async (payload: unknown, more: Msg = {} as Msg) => {
    connect(payload, more);
    return await flow.at("events").next(state("connected"));
  };
  const say = async (payload: string, more: object = {}) => {
    flow.send("session", { payload, ...more });
    await flow.at("events").next(event("turnComplete"));
  };

  it("gives each caller a conversation of its own kind: two at once, with their models, voices and languages", async () => {
    await start({ instruction: "Be kind.", temperature: 0.5 });
    const states = [
      await connected({ model: NATIVE, voice: "Puck", language: "de-DE" }, { session: "line 1" } as Msg),
      await connected({ instruction: "Be brief.", temperature: 1 }, { session: "line 2" } as Msg),
      await connected(undefined, { session: "line 3" } as Msg),
    ];
    assert.deepEqual(
      states.map(({ payload, session }) => [session, (payload as { model: string }).model]),
      [
        ["line 1", NATIVE],
        ["line 2", "gemini-3.8-live"],
        ["line 3", "gemini-3.8-live"],
      ],
    );
    assert.deepEqual(
      setups().map(({ model, generationConfig, systemInstruction }) => [
        model,
        generationConfig?.speechConfig?.languageCode,
        generationConfig?.temperature,
        systemInstruction?.parts[0]?.text,
      ]),
      [
        [`models/${NATIVE}`, "de-DE", 0.5, "Be kind."],
        ["models/gemini-3.8-live", undefined, 1, "Be brief."],
        ["models/gemini-3.8-live", undefined, 0.5, "Be kind."],
      ],
    );
    assert.deepEqual(voices(), ["Puck", "Kore", "Kore"]);
    for (const session of ["line 1", "line 2", "line 3"]) await say("hello", { session });
    assert.equal(farEnd.requests.length, 3);
  });

  it("reaches everything that a model takes: two interpreters, a transcript with names, and further setup", async () => {
    await start({ voice: "" });
    const translate = { model: "gemini-3.5-live-translate-preview" };
    await connected({ ...translate, targetLanguage: "de" }, { session: "to German" } as Msg);
    await connected({ ...translate, targetLanguage: "en", echoTarget: true }, {
      session: "to English",
    } as Msg);
    const dictation = { model: "gemini-3.5-transcribe-live", inputLanguages: "de-DE, en-US" };
    await connected({ ...dictation, vocabulary: ["Modbus", "KNX"] }, { session: "dictation" } as Msg);
    await connected({ furtherSetup: { generationConfig: { topP: 0.5 } } }, { session: "caller" } as Msg);
    const [german, english, transcript, caller] = setups();
    assert.deepEqual(german!.generationConfig?.translationConfig, { targetLanguageCode: "de" });
    assert.deepEqual(english!.generationConfig?.translationConfig, {
      targetLanguageCode: "en",
      echoTargetLanguage: true,
    });
    assert.deepEqual(transcript!.inputAudioTranscription, {
      languageCodes: ["de-DE", "en-US"],
      customVocabulary: ["Modbus", "KNX"],
    });
    assert.equal(caller!.generationConfig?.topP, 0.5);
  });

  it("is a plain connect with any other payload, such as the time of an inject node", async () => {
    await start();
    await connected(Date.now());
    for (const payload of ["a text", ["Puck"], null, Buffer.from("Puck"), new Date(), {}]) connect(payload);
    await say("hello");
    assert.deepEqual(voices(), ["Kore"]);
    assert.deepEqual(flow.caught.items, []);
  });

  it("changes nothing when the conversation has these settings", async () => {
    await start();
    await connected({ voice: "Puck" });
    connect({ voice: "Puck" });
    await say("hello");
    connect(undefined);
    await say("hello again");
    assert.deepEqual(voices(), ["Puck"]);
  });

  it("changes an open conversation at its next idle moment, and an empty object gives it those of the node", async () => {
    await start();
    await connected(undefined);
    connect({ voice: "Puck", temperature: 0.1 });
    await flow.at("events").next(event("resumed"));
    connect({});
    await flow.at("events").next(event("resumed"));
    assert.deepEqual(voices(), ["Kore", "Puck", "Kore"]);
    assert.deepEqual(handles(), [undefined, "handle 1", "handle 2"]);
  });

  for (const [what, settings] of [
    ["another model", { model: NATIVE }],
    ["another turn detection", { turnDetection: "manual" }],
  ] as const)
    it(`begins a new conversation with ${what}`, async () => {
      await start();
      await connected(undefined);
      await say("hello");
      connect(settings);
      await flow.at("events").next(state("closed"));
      await flow.at("events").next(state("connected"));
      await say("hello again");
      assert.deepEqual(handles(), [undefined, undefined]);
      assert.equal(farEnd.requests.length, 2);
    });

  const WRONG: [what: string, payload: object, error: RegExp][] = [
    ["an unknown setting", { voiceName: "Puck" }, /voiceName is no setting.*There are model, voice, /],
    ["a setting of the node", { keepConversations: true }, /keepConversations is no setting/],
    ["a property of all objects", { constructor: "Puck" }, /constructor is no setting/],
    ["a value of a wrong type", { voice: 7 }, /"Voice" must be a text; it is 7/],
    ["a value that is null", { model: null }, /"Model" must be a text that is not empty; it is null/],
    ["a value out of range", { temperature: 3 }, /"Temperature" must be a number from 0 to 2.*it is 3/],
    ["no choice", { turnDetection: "none" }, /"Turn detection" must be one of automatic, manual/],
    [
      "what the model of the node refuses",
      { language: "de-DE" },
      /gemini-3\.8-live does not support these settings: language/,
    ],
    [
      "what its own model refuses",
      { model: NATIVE, thinkingLevel: "LOW" },
      /12-2025 does not support these settings: thinkingLevel/,
    ],
    [
      "further setup that cannot be sent",
      { furtherSetup: { model: "x" } },
      /Further setup cannot be sent: model /,
    ],
    ["a vocabulary of other than texts", { vocabulary: [7] }, /"Vocabulary" must be at most 1000 texts/],
    ["a further setup that is a list", { furtherSetup: [] }, /"Further setup" must be a JSON object/],
    ["what is no JSON", { furtherSetup: circle }, /payload with the settings is no JSON object.*circular/],
  ];
  for (const [what, payload, error] of WRONG)
    it(`is an error with ${what}, which names it, and changes nothing`, async () => {
      await start();
      await connected({ voice: "Puck" });
      connect({ temperature: 1, ...payload }, { topic: "mine" } as Msg);
      const { message, msg } = await flow.nextError();
      assert.match(message, error);
      assert.equal(msg.topic, "mine");
      connect(payload, { session: "another" } as Msg);
      assert.match((await flow.nextError()).message, error);
      await say("hello");
      assert.deepEqual(voices(), ["Puck"]);
    });

  it("is an error in an open conversation that cannot be resumed, which says what to do; the settings stay", async () => {
    await start({}, { onConnectionLoss: "report" });
    await connected({ voice: "Puck" });
    connect({ voice: "Leda" });
    assert.match((await flow.nextError()).message, /"report only".*"disconnect"/);
    flow.send("session", { action: "reset" });
    await flow.at("events").next(state("connected"));
    assert.deepEqual(voices(), ["Puck", "Puck"]);
  });

  it("lasts over a reset, which drops a changed instruction, and over a lost connection; a disconnect ends it", async () => {
    await start({}, { reconnectAttempts: 3 });
    await connected({ voice: "Puck", instruction: "Be brief." });
    await say("hello");
    flow.send("session", { action: "update", payload: "Sing." });
    await flow.at("events").next(event("resumed"));
    flow.send("session", { action: "reset" });
    await flow.at("events").next(state("connected"));
    farEnd.sockets.at(-1)!.terminate();
    await flow.at("events").next(event("resumed"));
    flow.send("session", { action: "disconnect" });
    await flow.at("events").next(state("closed"));
    await say("hello");
    assert.deepEqual(voices(), ["Puck", "Puck", "Puck", "Puck", "Kore"]);
    assert.deepEqual(
      setups().map(({ systemInstruction }) => systemInstruction?.parts[0]?.text),
      ["Be brief.", "Sing.", "Be brief.", "Be brief.", undefined],
    );
  });

  it("lasts over single turns, also when it chooses them", async () => {
    await start();
    await connected({ voice: "Puck", singleTurn: true });
    for (let turn = 0; turn < 2; turn++) {
      await say("hello");
      await flow.at("events").next(state("closed"));
    }
    assert.deepEqual(voices(), ["Puck", "Puck"]);
  });

  it("ends with the client: sound alone opens no conversation after it", async () => {
    await start();
    const _session = { type: "websocket", id: "client" };
    await connected({ voice: "Puck" }, { _session } as never);
    flow.send("session", { status: { event: "disconnect", _session } } as never);
    await flow.at("events").next(state("closed"));
    flow.send("session", { payload: Buffer.alloc(640), _session } as never);
    await say("hello", { _session });
    assert.deepEqual(voices(), ["Puck", "Kore"]);
  });

  it("warns once of the settings of the node that the model does not support", async () => {
    await start({ model: NATIVE, language: "de-DE" });
    const warnings = flow.warnings("session");
    for (const key of ["line 1", "line 2"])
      await connected({ model: "gemini-3.8-live" }, { session: key } as Msg);
    assert.deepEqual(warnings.items, ["gemini-3.8-live does not support these settings: Language."]);
    assert.equal(setups()[0]!.generationConfig?.speechConfig?.languageCode, undefined);
  });

  it("warns of 100 unknown voices at most", async () => {
    await start();
    const warnings = flow.warnings("session");
    await connected(undefined);
    for (let n = 0; n < 200; n++) connect({ voice: `voice ${n}` });
    connect({ voice: 7 });
    await flow.nextError();
    assert.equal(warnings.items.length, 100);
  });

  it("is kept with the conversation across a deploy, with a model of its own and over the new settings of the node", async () => {
    await start({ keepConversations: true });
    await connected({ model: NATIVE, voice: "Puck" });
    await say("hello");
    const deploy = (properties: object) =>
      flow.deploy([connectionTo(farEnd), ...session({ keepConversations: true, ...properties })]);
    await deploy({ voice: "Leda", instruction: "Be kind." });
    await say("I am back");
    assert.deepEqual(voices(), ["Puck", "Puck"]);
    assert.deepEqual(handles(), [undefined, "handle 1"]);
    assert.equal(setups()[1]!.model, `models/${NATIVE}`);
    assert.equal(setups()[1]!.systemInstruction?.parts[0]?.text, "Be kind.");
    await deploy({ voice: "Aoede" });
    await connected({});
    assert.deepEqual(voices().at(-1), "Aoede");
    assert.deepEqual(handles().at(-1), undefined, "no conversation continues with another model");
  });

  it("is lost with a warning when the node was deployed with settings that it does not fit: the conversation goes on", async () => {
    await start({ keepConversations: true, voice: "" });
    const replicatedVoiceConfig = { mimeType: "audio/pcm", voiceSampleAudio: "AAAA" };
    const speechConfig = { voiceConfig: { replicatedVoiceConfig } };
    await connected({ furtherSetup: { generationConfig: { speechConfig } } });
    await say("hello");
    await flow.deploy([connectionTo(farEnd), ...session({ keepConversations: true, voice: "Leda" })]);
    const warnings = flow.warnings("session");
    await say("I am back");
    assert.equal(voices().at(-1), "Leda");
    assert.deepEqual(handles().at(-1), "handle 1");
    assert.equal(warnings.items.length, 1);
    assert.match(warnings.items[0]!, /"default" loses its own settings: .*"Voice" exclude each other/);
  });

  it("is known before the first message is handled, however late the context store answers", async () => {
    const kept = {
      handle: "an old handle",
      unanswered: [],
      model: NATIVE,
      own: { model: NATIVE, voice: "Puck" },
    };
    const later = Array.from({ length: 2 }, () => deferred());
    const context = {
      keys: (_: unknown, done: (error: null, names: string[]) => void) =>
        void later[0]!.promise.then(() => done(null, ["handle_6c617465"])),
      get: (_: unknown, __: unknown, done: (error: null, value: object) => void) =>
        void later[1]!.promise.then(() => done(null, { ...kept, savedAt: Date.now() })),
      set: (_: unknown, __: unknown, ___: unknown, done: (error: null) => void) => done(null),
    };
    const ofNodeRed = createRequire(require.resolve("node-red"));
    replace(ofNodeRed("@node-red/runtime/lib/nodes/Node").prototype, "context", () => context);
    await start({ keepConversations: true });
    for (const payload of ["hello", "are you there?"]) flow.send("session", { payload, session: "late" });
    for (const { resolve } of later) {
      await new Promise(setImmediate);
      assert.equal(farEnd.requests.length, 0);
      resolve();
    }
    await flow.at("events").next(event("turnComplete"));
    await flow.at("events").next(event("turnComplete"));
    assert.deepEqual(textsIn(farEnd.frames), ["hello", "are you there?"]);
    assert.deepEqual(voices(), ["Puck"]);
    assert.deepEqual(handles(), ["an old handle"]);
  });

  it("is not known yet when a deploy closes the node: a message that waits for it gets an error", async () => {
    const context = { keys() {}, get() {}, set() {} };
    const ofNodeRed = createRequire(require.resolve("node-red"));
    replace(ofNodeRed("@node-red/runtime/lib/nodes/Node").prototype, "context", () => context);
    await start({ keepConversations: true });
    flow.send("session", { payload: "hello" });
    await flow.deploy([connectionTo(farEnd), ...session({ keepConversations: true, voice: "Leda" })]);
    assert.match((await flow.nextError()).message, /live session was closed before this could be sent/);
    assert.equal(farEnd.requests.length, 0);
  });

  it("does not outlive a deploy without kept conversations", async () => {
    await start();
    await connected({ voice: "Puck" });
    await flow.deploy([connectionTo(farEnd), ...session({ voice: "Leda" })]);
    await say("hello");
    assert.deepEqual(voices(), ["Puck", "Leda"]);
  });
});

describe("tokens and the settings of a conversation", () => {
  it("conversations that connect with tokens have their own settings, too", async () => {
    const lines: string[] = [];
    const simulator = await opened(startSimulator({ log: (line) => lines.push(line) }));
    const flow = await Flow.start([connectionTo(simulator, { useEphemeralTokens: true }), ...session()]);
    flow.send("session", { action: "connect", payload: { model: NATIVE } });
    await flow.at("events").next(state("connected"));
    assert.ok(lines.includes(`#1 setup models/${NATIVE}`), lines.join());
  });

  /** A value for each setting that a message can set and that the setup contains. */
  const SET: Record<string, unknown> = {
    model: "a new model",
    voice: "Puck",
    instruction: "Be kind.",
    turnDetection: "manual",
    startSensitivity: "LOW",
    endSensitivity: "LOW",
    silenceDurationMs: 900,
    prefixPaddingMs: 300,
    bargeIn: false,
    turnCoverage: "ALL_INPUT",
    googleSearch: true,
    transcribeUser: false,
    transcribeModel: false,
    language: "de-DE",
    targetLanguage: "de",
    echoTarget: true,
    inputLanguages: ["de-DE"],
    vocabulary: ["Modbus"],
    transcriptionMode: "SMART",
    mediaResolution: "LOW",
    temperature: 1,
    thinkingLevel: "LOW",
    includeThoughts: true,
    affectiveDialog: true,
    furtherSetup: { generationConfig: { topP: 0.5 }, proactivity: { proactiveAudio: true } },
  };
  const NOT_IN_SETUP = ["speaksFirst", "segmentSilenceMs", "singleTurn"];
  const lockWith = (own: object) =>
    lockOf(
      buildSetup(conversationSettings(readSettings(liveSession, { model: "a model" }, own)), {
        onConnectionLoss: "resume",
        compression: undefined,
      }),
      LOCKED_FIELDS,
    );

  it("a token can lock each setting that a message can set", () => {
    assert.deepEqual([...Object.keys(SET), ...NOT_IN_SETUP].sort(), [...PER_CONVERSATION].sort());
    const before = leaves(lockWith({}).bidiGenerateContentSetup);
    for (const [name, value] of Object.entries(SET)) {
      const { bidiGenerateContentSetup, fieldMask } = lockWith({ [name]: value });
      const after = leaves(bidiGenerateContentSetup);
      const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
        (path) => before.get(path) !== after.get(path),
      );
      assert.notEqual(changed.length, 0, name);
      for (const path of changed)
        assert.ok(
          fieldMask!.split(",").some((locked) => `${path}.`.startsWith(`${locked}.`)),
          `${name}: ${path} is not in ${fieldMask}`,
        );
    }
  });
});

/** The values in an object by their paths. */
function leaves(value: unknown, path = ""): Map<string, string> {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0)
    return new Map([[path, JSON.stringify(value)]]);
  return new Map(
    Object.entries(value).flatMap(([name, inner]) => [...leaves(inner, path ? `${path}.${name}` : name)]),
  );
}
