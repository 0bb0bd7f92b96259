// The simulator at the address of Vertex AI.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "mocha";
import { WebSocket } from "ws";
import { answer, simulate, VERTEX_PATH } from "../client";

const BEARER = { authorization: "Bearer any" };
const MODEL = "projects/p/locations/us-central1/publishers/google/models/gemini-3.8-live";
const SETUP = { generationConfig: { responseModalities: ["AUDIO"] } };

describe("the simulator at the address of Vertex AI", () => {
  const begin = async (model = MODEL) => {
    const simulated = await simulate();
    const client = await simulated.at(VERTEX_PATH, BEARER).opened();
    await client.begin({ ...SETUP, model });
    return { ...simulated, client };
  };

  for (const model of [MODEL, "publishers/google/models/gemini-3.8-live"])
    it(`gives a session with ${model} an id, and names token counts as Vertex AI does`, async () => {
      const { client } = await begin(model);
      const [{ setupComplete }] = client.of("setupComplete") as [{ setupComplete: { sessionId?: string } }];
      assert.match(setupComplete.sessionId!, /^[0-9a-f-]{36}$/);
      await answer(client, {
        clientContent: { turns: [{ role: "user", parts: [{ text: "Hi" }] }], turnComplete: true },
      });
      const [end] = client.of("turnComplete");
      assert.deepEqual(
        Object.keys(end!.usageMetadata!).filter((name) => /^(response|candidates)/.test(name)),
        ["candidatesTokenCount", "candidatesTokensDetails"],
      );
    });

  it("resumes a session, and takes context updates", async () => {
    const { simulator, at, client } = await begin();
    client.send({
      contextUpdate: { systemInstruction: { role: "user", parts: [{ text: "Be brief." }] } },
    });
    await client.settled();
    assert.equal(simulator.conversations[0]!.context[0]!.text, "Be brief.");
    const { handle } = client;
    client.socket.close(1000);
    await client.closed;
    client.clock.advance(8_000);
    const next = await at(VERTEX_PATH, BEARER).opened();
    await next.begin({ ...SETUP, model: MODEL, sessionResumption: { handle } });
    assert.equal(simulator.conversations[0]!.connections, 2);
  });

  for (const [what, model, reason] of [
    ["a model that it does not have", MODEL.replace("3.8", "9.9"), /^Publisher model was not found\.$/],
    ["a model under its name on the Gemini API", "models/gemini-3.8-live", /unexpected model name format/],
  ] as const)
    it(`refuses ${what}`, async () => {
      const { client } = await begin(model);
      assert.match((await client.closed).reason, reason);
    });

  it("takes an API key in a header, as in express mode", async () => {
    const { at } = await simulate();
    const client = await at(VERTEX_PATH, { "x-goog-api-key": "any" }).opened();
    await client.begin({ ...SETUP, model: "publishers/google/models/gemini-3.8-live" });
    assert.equal(client.of("setupComplete").length, 1);
  });

  it("refuses a handshake without a bearer token or a key in a header, with 401, and says so in a line", async () => {
    const lines: string[] = [];
    const { simulator } = await simulate({ log: (line) => lines.push(line) });
    const socket = new WebSocket(`${simulator.url.replace("http", "ws")}${VERTEX_PATH}?key=any`);
    const [error] = (await once(socket, "error")) as [Error];
    assert.match(error.message, /401/);
    assert.deepEqual(lines, ["handshake refused with 401: no bearer token or API key in a header"]);
  });
});
