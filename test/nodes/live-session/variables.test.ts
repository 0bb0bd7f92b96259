// Settings of a live session that are the values of environment or context variables.

import assert from "node:assert/strict";
import { replace } from "../../clean-up";
import { acceptResumable } from "../../far-end";
import { deferred } from "../../inbox";
import { event, type Flow, type Msg, startSession, state } from "../flow";
import * as tokens from "../live-token/token-flow";
import { runtime } from "../runtime";

interface Setup {
  generationConfig?: {
    speechConfig?: { languageCode?: string; voiceConfig?: { prebuiltVoiceConfig: { voiceName: string } } };
    translationConfig?: { targetLanguageCode: string };
  };
  systemInstruction?: { parts: { text: string }[] };
  inputAudioTranscription?: { customVocabulary?: string[] };
}

interface Context {
  get(name: string, store: unknown, done: (error: Error | null, value?: unknown) => void): void;
  set(name: string, value: unknown): void;
}
const context = () =>
  (runtime.getNode("session") as unknown as { context(): Record<"flow" | "global", Context> }).context();

const answering = () => acceptResumable((_frame, reply) => reply({ serverContent: { turnComplete: true } }));
let flow: Flow;
let setups: () => Setup[];

async function start(properties: object, connection: object = {}) {
  const { flow: started, farEnd } = await startSession(answering(), connection, properties);
  flow = started;
  setups = () => farEnd.frames.flatMap(({ setup }: { setup?: Setup }) => (setup ? [setup] : []));
}
const voices = () =>
  setups().map(
    ({ generationConfig }) => generationConfig?.speechConfig?.voiceConfig?.prebuiltVoiceConfig.voiceName,
  );
const connect = async (payload?: object) => {
  flow.send("session", { action: "connect", payload } as Msg);
  await flow.at("events").next(state("connected"));
};
const disconnect = async () => {
  flow.send("session", { action: "disconnect" } as Msg);
  await flow.at("events").next(state("closed"));
};

describe("a setting of a live session that is a variable", () => {
  it("has the value that the variable has when a conversation opens, of the environment, the flow and global context", async () => {
    replace(process.env, "TEST_VOICE", "Puck");
    await start({
      model: "gemini-2.5-flash-native-audio-preview-12-2025",
      voice: "TEST_VOICE",
      voiceType: "env",
      instruction: "rules.greeting",
      instructionType: "flow",
      language: "language",
      languageType: "global",
    });
    context().flow.set("rules", { greeting: "Be brief." });
    context().global.set("language", "de-DE");
    await connect();
    await disconnect();
    context().flow.set("rules", { greeting: "Be kind." });
    process.env.TEST_VOICE = "Kore";
    await connect();
    assert.deepEqual(voices(), ["Puck", "Kore"]);
    assert.deepEqual(
      setups().map(({ systemInstruction, generationConfig }) => [
        systemInstruction?.parts[0]?.text,
        generationConfig?.speechConfig?.languageCode,
      ]),
      [
        ["Be brief.", "de-DE"],
        ["Be kind.", "de-DE"],
      ],
    );
  });

  it("may be the target language of a translation, and a vocabulary as a list or as text", async () => {
    await start({
      model: "gemini-3.5-live-translate-preview",
      targetLanguage: "to",
      targetLanguageType: "flow",
    });
    context().flow.set("to", "fr");
    await connect();
    assert.deepEqual(setups()[0]!.generationConfig?.translationConfig, { targetLanguageCode: "fr" });
    await flow.stop();
    await start({ model: "gemini-3.5-transcribe-live", vocabulary: "words", vocabularyType: "global" });
    for (const words of [["Modbus", "KNX"], "Modbus, KNX"]) {
      context().global.set("words", words);
      await connect();
      assert.deepEqual(setups().at(-1)!.inputAudioTranscription?.customVocabulary, ["Modbus", "KNX"]);
      await disconnect();
    }
  });

  it("keeps a text until a context store has answered", async () => {
    await start({ voice: "voice", voiceType: "global" });
    const asked = deferred<(value: string) => void>();
    const get: Context["get"] = (_name, _store, done) => asked.resolve((value) => done(null, value));
    const node = runtime.getNode("session") as unknown as { context(): object };
    replace(node, "context", () => ({ global: { get } }));
    flow.send("session", { payload: "hello" });
    const answer = await asked.promise;
    assert.deepEqual(voices(), []);
    answer("Leda");
    await flow.at("events").next(event("turnComplete"));
    assert.deepEqual(voices(), ["Leda"]);
  });

  it("is an error that names the setting when its context store does not answer within the connect timeout", async () => {
    await start({ voice: "voice", voiceType: "global" }, { connectTimeoutSeconds: 1 });
    const node = runtime.getNode("session") as unknown as { context(): object };
    let get: Context["get"] = () => {};
    replace(node, "context", () => ({
      global: { get: (...args: Parameters<Context["get"]>) => get(...args) },
    }));
    flow.send("session", { payload: "hello" });
    const { message, msg } = await flow.nextError();
    assert.match(
      message,
      /The setting "Voice" cannot be read from global\.voice: the context store did not answer within 1 s/,
    );
    assert.equal(msg.payload, "hello");
    assert.deepEqual(voices(), []);
    get = (_name, _store, done) => done(null, "Puck");
    await connect();
    assert.deepEqual(voices(), ["Puck"]);
  });

  for (const [what, value, said] of [
    ["not set", undefined, /The setting "Voice" must be a text; flow\.voice is not set\./],
    ["a number", 7, /The setting "Voice" must be a text; flow\.voice is 7\./],
    ["a long list", Array(200).fill("Kore"), /flow\.voice is \["Kore"[^.]{92}[^.]?\.$/],
  ] as const)
    it(`is an error that names the setting when the variable is ${what}, and no conversation opens`, async () => {
      await start({ voice: "voice", voiceType: "flow" });
      context().flow.set("voice", value);
      flow.send("session", { payload: "hello" });
      const { message, msg } = await flow.nextError();
      assert.match(message, said);
      assert.equal(msg.payload, "hello");
      assert.deepEqual(voices(), []);
      context().flow.set("voice", "Puck");
      await connect();
      assert.deepEqual(voices(), ["Puck"]);
    });

  it("has no blanks around it, and is an error when its context store fails", async () => {
    await start({ voice: "voice", voiceType: "global" });
    const node = runtime.getNode("session") as unknown as { context(): object };
    let get: Context["get"] = (_name, _store, done) => done(new Error("the disk is gone"));
    replace(node, "context", () => ({
      global: { get: (...args: Parameters<Context["get"]>) => get(...args) },
    }));
    flow.send("session", { payload: "hello" });
    assert.match(
      (await flow.nextError()).message,
      /The setting "Voice" cannot be read from global\.voice: the disk is gone/,
    );
    get = (_name, _store, done) => done(null, " Puck\n");
    await connect();
    assert.deepEqual(voices(), ["Puck"]);
  });

  it("gives way to the settings of connect, and its variable need not be there", async () => {
    await start({ voice: "voice", voiceType: "flow", instruction: "rules", instructionType: "flow" });
    context().flow.set("rules", "Be brief.");
    await connect({ voice: "Puck" });
    assert.deepEqual(voices(), ["Puck"]);
    assert.equal(setups()[0]!.systemInstruction?.parts[0]?.text, "Be brief.");
  });

  it("keeps its value while a conversation is resumed, and gives way to the action update", async () => {
    await start({ instruction: "rules", instructionType: "flow" });
    context().flow.set("rules", "Be brief.");
    await connect();
    context().flow.set("rules", "Be kind.");
    flow.send("session", { action: "update", payload: "Be a pirate." } as Msg);
    await flow.at("events").next(event("resumed"));
    assert.deepEqual(
      setups().map(({ systemInstruction }) => systemInstruction?.parts[0]?.text),
      ["Be brief.", "Be a pirate."],
    );
  });

  it("without a name is an error of the node", async () => {
    await start({ voice: " ", voiceType: "env" });
    flow.send("session", { payload: "hello" });
    assert.match((await flow.nextError()).message, /The setting "Voice" must be the name of a variable/);
  });

  it("has its present value in a token", async () => {
    const simulator = await tokens.startWith({}, { voice: "voice", voiceType: "global" });
    context().global.set("voice", "Kore");
    await tokens.issue();
    assert.match(JSON.stringify(simulator.tokens[0]!.setup), /"voiceName":"Kore"/);
    context().global.set("voice", 7);
    tokens.ask();
    assert.match(
      (await tokens.flow.nextError()).message,
      /The setting "Voice" must be a text; global\.voice is 7/,
    );
  });
});
