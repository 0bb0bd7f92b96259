// The locks of ephemeral tokens: the setup that results from the client's own, also with Google's SDK.

import assert from "node:assert/strict";
import { GoogleGenAI, type LiveConnectConfig, Modality } from "@google/genai";
import type { Simulator } from "../../../simulator/server";
import { replace } from "../../clean-up";
import type { TestClock } from "../../clock";
import { answer, hangUp, MODEL, resume } from "../client";
import { EXTENDED, FLASH } from "../tools";
import { begun, MINUTE, withTokens } from "./token-client";

const instruction = (text: string) => ({ parts: [{ text }] });

/** The client's setup in the cases below. */
const asked = {
  model: FLASH,
  generationConfig: { temperature: 2, topK: 2, thinkingConfig: { thinkingLevel: "LOW" } },
  systemInstruction: instruction("Do what I say."),
  tools: [{ googleSearch: {} }],
};

const cases: [what: string, token: { setup?: object; fieldMask?: string }, result: object][] = [
  ["nothing is locked", {}, asked],
  ["an empty mask locks nothing", { fieldMask: "" }, asked],
  [
    "a setup without a mask takes the place of the whole setup",
    { setup: { model: MODEL, outputAudioTranscription: {} } },
    { model: MODEL, outputAudioTranscription: {} },
  ],
  [
    "with a mask only the masked fields are the token's",
    { setup: { model: EXTENDED, tools: [], labels: { a: "b" } }, fieldMask: "model,tools" },
    { ...asked, model: EXTENDED, tools: [] },
  ],
  [
    "a masked field that the token's setup does not have is taken away",
    { setup: { labels: { a: "b" } }, fieldMask: "systemInstruction,tools,proactivity" },
    { model: asked.model, generationConfig: asked.generationConfig },
  ],
  [
    "a mask without a setup takes its fields away",
    { fieldMask: "systemInstruction,tools,generationConfig.temperature,sessionResumption.handle" },
    { model: asked.model, generationConfig: { topK: 2, thinkingConfig: { thinkingLevel: "LOW" } } },
  ],
  [
    "a mask may reach into messages, at any depth",
    {
      setup: {
        generationConfig: { topK: 1, thinkingConfig: { thinkingLevel: "HIGH", includeThoughts: true } },
      },
      fieldMask:
        "generationConfig.thinkingConfig.thinkingLevel,generationConfig.topK,generationConfig.temperature",
    },
    { ...asked, generationConfig: { topK: 1, thinkingConfig: { thinkingLevel: "HIGH" } } },
  ],
  [
    "a masked field is set even where the client's setup lacks the message around it",
    {
      setup: {
        realtimeInputConfig: { automaticActivityDetection: { disabled: true, silenceDurationMs: 100 } },
      },
      fieldMask: "realtimeInputConfig.automaticActivityDetection.disabled",
    },
    { ...asked, realtimeInputConfig: { automaticActivityDetection: { disabled: true } } },
  ],
  [
    "a mask may be in snake_case, and be written without care",
    {
      setup: { generationConfig: { topK: 1 } },
      fieldMask: ",system_instruction,,generation_config.top_k,tools,tools",
    },
    { model: asked.model, generationConfig: { ...asked.generationConfig, topK: 1 } },
  ],
];

for (const [what, { setup, fieldMask }, result] of cases)
  it(`${what}, and the conversation shows it`, async () => {
    const { mint, open, simulator, clock } = await withTokens();
    const token = await mint({ uses: 2, bidiGenerateContentSetup: setup, fieldMask });
    for (const index of [0, 1]) {
      const client = await open(token);
      client.send({ setup: asked });
      await client.settled();
      clock.advance(260);
      await client.settled();
      assert.deepEqual(client.kinds, ["setupComplete"]);
      assert.deepEqual(simulator.conversations[index]!.setup, result);
    }
    assert.deepEqual(simulator.tokens[0]!.setup, setup, "the token stays as it was ordered");
  });

it("a lock of the whole setup drops the client's resumption handle and begins a new session", async () => {
  const { mint, open, simulator } = await withTokens();
  const setup = { model: MODEL, sessionResumption: {} };
  const token = await mint({ uses: 0, bidiGenerateContentSetup: setup });
  const first = await (await open(token)).begin();
  assert.ok(first.handle);
  await hangUp(simulator, first);
  assert.equal(await begun(await open(token), resume(first.handle)), "setupComplete");
  assert.deepEqual(
    simulator.conversations.map(({ connections, setup }) => ({ connections, setup })),
    [
      { connections: 1, setup },
      { connections: 1, setup },
    ],
  );
  assert.equal(simulator.tokens[0]!.used, 2);
});

it("a resumption handle in the token's setup resumes", async () => {
  const { mint, open, simulator } = await withTokens();
  const first = await (await open(await mint())).begin();
  await hangUp(simulator, first);
  const token = await mint({ bidiGenerateContentSetup: { model: MODEL, ...resume(first.handle) } });
  assert.equal(await begun(await open(token), { sessionResumption: {} }), "setupComplete");
  assert.equal(simulator.conversations[0]!.connections, 2);
  assert.equal(simulator.tokens[1]!.used, 0);
});

it("checks the setup after the token's locks", async () => {
  const { mint, open } = await withTokens();
  const locked = { bidiGenerateContentSetup: { model: MODEL }, fieldMask: "model" };
  const impossible = { model: "models/not-a-model" };
  assert.equal(await begun(await open(await mint(locked)), impossible), "setupComplete");
  const free = await begun(await open(await mint()), impossible);
  assert.equal((free as { code: number }).code, 1008);
  const bad = await mint({ bidiGenerateContentSetup: impossible });
  assert.equal(((await begun(await open(bad))) as { code: number }).code, 1008);
  // An invalid setup is refused even if the token would replace it.
  const unreadable = await begun(await open(await mint(locked)), { hello: 1 });
  assert.equal((unreadable as { code: number }).code, 1007);
});

it("applies the token's locks to the conversation", async () => {
  const { mint, open } = await withTokens();
  const client = await open(await mint({ fieldMask: "outputAudioTranscription" }));
  await client.begin();
  await answer(client, { realtimeInput: { text: "hello" } });
  assert.ok(client.of("audio").length > 0);
  assert.equal(client.said, "");
});

/** The SDK, connected to a simulator. It warns that tokens are experimental. */
function sdk(simulator: Simulator, apiKey: string, apiVersion = "v1beta") {
  replace(console, "warn", () => {});
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: simulator.url, apiVersion } });
}

/** Connects with the SDK, and advances the clock until the server has answered. */
async function connect(ai: GoogleGenAI, clock: TestClock, model: string, config?: LiveConnectConfig) {
  const callbacks = { onmessage: () => {} };
  return clock.during(ai.live.connect({ model, config, callbacks }));
}

for (const version of ["v1beta", "v1alpha"])
  it(`the SDK requests a token on ${version} that locks the whole setup, and connects with it`, async () => {
    const { simulator, clock, time } = await withTokens({ key: "right" });
    const token = await sdk(simulator, "right", version).authTokens.create({
      config: {
        uses: 2,
        expireTime: time(10 * MINUTE),
        newSessionExpireTime: time(5 * MINUTE),
        liveConnectConstraints: {
          model: MODEL,
          config: {
            responseModalities: [Modality.AUDIO],
            temperature: 0.5,
            systemInstruction: "Be kind.",
            tools: [{ functionDeclarations: [{ name: "f" }] }],
          },
        },
      },
    });
    const setup = {
      model: MODEL,
      generationConfig: { responseModalities: ["AUDIO"], temperature: 0.5 },
      systemInstruction: { role: "user", ...instruction("Be kind.") },
      tools: [{ functionDeclarations: [{ name: "f" }] }],
    };
    const { name, ...seen } = { ...simulator.tokens[0]! };
    assert.equal(token.name, name);
    assert.deepEqual(seen, {
      uses: 2,
      used: 0,
      expiresAt: clock.date() + 10 * MINUTE,
      startBefore: clock.date() + 5 * MINUTE,
      setup,
      fieldMask: undefined,
    });
    const ai = sdk(simulator, name, version);
    const session = await connect(ai, clock, "gemini-9", { systemInstruction: "Be rude." });
    assert.deepEqual(simulator.conversations[0]!.setup, setup);
    session.close();
  });

it("the SDK locks the fields that it sets, and those in lockAdditionalFields", async () => {
  const { simulator, clock } = await withTokens();
  const token = await sdk(simulator, "any").authTokens.create({
    config: {
      liveConnectConstraints: { model: MODEL, config: { responseModalities: [Modality.AUDIO] } },
      lockAdditionalFields: ["temperature", "outputAudioTranscription"],
    },
  });
  assert.deepEqual(simulator.tokens[0]!.fieldMask?.split(",").toSorted(), [
    "generationConfig.responseModalities",
    "generationConfig.temperature",
    "model",
    "outputAudioTranscription",
  ]);
  const session = await connect(sdk(simulator, token.name!), clock, "gemini-9", {
    temperature: 2,
    topK: 2,
    outputAudioTranscription: {},
    inputAudioTranscription: {},
  });
  assert.deepEqual(simulator.conversations[0]!.setup, {
    model: MODEL,
    generationConfig: { responseModalities: ["AUDIO"], topK: 2 },
    inputAudioTranscription: {},
  });
  session.close();
});

it("the SDK reports the simulator's refusals", async () => {
  const { simulator } = await withTokens({ key: "right" });
  await assert.rejects(sdk(simulator, "wrong").authTokens.create({}), {
    status: 400,
    message: /API key not valid/,
  });
  const config = { lockAdditionalFields: ["temperature"] };
  await assert.rejects(sdk(simulator, "right").authTokens.create({ config }), {
    status: 400,
    message: /field_mask is invalid for BidiGenerateContentSetup/,
  });
});
