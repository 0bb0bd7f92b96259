// Conversations on Vertex AI, with the application default credentials of this machine.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "mocha";
import { systemClock } from "../../../audio/clock";
import type { ConversationOptions } from "../../../live/options";
import { mintToken } from "../../../live/server/ephemeral-token";
import type { Network } from "../../../live/server/network";
import type { Server } from "../../../live/server/server";
import type { ServedTool } from "../../../live/tools/tool-dispatch";
import { cleanUp, replace } from "../../clean-up";
import { startProxy } from "../../proxy";
import { Exchange, finish, type Script } from "../exchange";
import { startSimulated } from "../simulated";
import { continuity, settings } from "../talk";

const ACCESS_TOKEN = "an-access-token-that-nobody-may-see";

const tool = (name: string): ServedTool => ({
  declaration: { name, description: name },
  server: `${name} node`,
  timeoutMs: 5_000,
  check: () => undefined,
});

describe("Vertex AI", () => {
  /** Google Cloud's token service, as far as application default credentials need it. */
  let tokenService: HttpServer;
  let answer: { status: number; body: object };
  let asked: number;
  let folder: string;

  const vertex = (baseUrl: string, network: Network = {}): Server => ({
    baseUrl,
    access: { by: "google", project: "my-project", location: "europe-west4" },
    apiVersion: "v1beta1",
    network,
  });

  before(async () => {
    tokenService = createServer((request, response) => {
      asked += 1;
      request.resume().on("end", () => {
        response.writeHead(answer.status, { "content-type": "application/json" });
        response.end(JSON.stringify(answer.body));
      });
    });
    await once(tokenService.listen(0, "127.0.0.1"), "listening");
    folder = mkdtempSync(join(tmpdir(), "credentials-"));
    writeFileSync(join(folder, "subject"), "a subject");
    writeFileSync(
      join(folder, "credentials.json"),
      JSON.stringify({
        type: "external_account",
        audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/own",
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        token_url: `http://127.0.0.1:${(tokenService.address() as AddressInfo).port}/v1/token`,
        credential_source: { file: join(folder, "subject") },
      }),
    );
  });
  after(async () => {
    await new Promise((resolve) => tokenService.close(resolve).closeAllConnections());
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    replace(process.env, "GOOGLE_APPLICATION_CREDENTIALS", join(folder, "credentials.json"));
    asked = 0;
    const body = {
      access_token: ACCESS_TOKEN,
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      expires_in: 3600,
    };
    answer = { status: 200, body };
  });
  const start = (network?: Network, script: Script = { text: (line) => finish(line) }) =>
    Exchange.start(script, (url) => ({ server: async () => vertex(url, network) }));
  /** A conversation with a tool and an instruction, and the context updates that the far end gets of it. */
  const startWithTools = async (options: Partial<ConversationOptions> = {}, script?: Script) => {
    const served: ServedTool[] = [tool("lookup")];
    const exchange = await Exchange.start(script ?? { text: (line) => finish(line) }, (url) => ({
      server: async () => vertex(url),
      settings: { ...settings, instruction: "Be brief." },
      tools: () => served,
      ...options,
    }));
    await exchange.talk.say("Hello?");
    await exchange.talk.next("turnComplete");
    const updates = () => exchange.farEnd.frames.flatMap(({ contextUpdate }) => contextUpdate ?? []);
    return { exchange, talk: exchange.talk, served, updates };
  };
  const refused = (cause: RegExp) => (error: Error) => {
    assert.match(error.message, cause);
    assert.match(error.message, /gcloud auth application-default login/);
    assert.ok(!error.message.includes(folder) && !error.message.includes("subject"), error.message);
    return true;
  };
  const attempts = ({ talk }: Exchange) =>
    talk.all("state").filter(({ state }) => state === "connecting").length;

  describe("a conversation on Vertex AI", () => {
    it("names project and location, and is authenticated by application default credentials", async () => {
      const { talk, farEnd } = await start();
      await talk.say("Hello?");
      await talk.next("turnComplete");
      const [request] = farEnd.requests;
      assert.match(
        request!.url!,
        /\/ws\/google\.cloud\.aiplatform\.v1beta1\.LlmBidiService\/BidiGenerateContent$/,
      );
      assert.equal(request!.headers.authorization, `Bearer ${ACCESS_TOKEN}`);
      assert.equal(request!.headers["x-goog-api-key"], undefined);
      const { setup } = farEnd.frames[0] as unknown as { setup: { model: string } };
      assert.equal(
        setup.model,
        "projects/my-project/locations/europe-west4/publishers/google/models/gemini-3.8-live",
      );
      assert.equal(asked, 1);
    });

    it("uses the proxy of the connection", async () => {
      const proxy = await startProxy();
      cleanUp(() => proxy.close());
      const { talk, farEnd } = await start({ proxy: { url: proxy.url, except: [] } });
      await talk.say("Hello?");
      await talk.next("turnComplete");
      assert.deepEqual(proxy.tunnels, [new URL(farEnd.url).host]);
    });

    it("requests its access token through the same proxy", async () => {
      const user = {
        type: "authorized_user",
        client_id: "me",
        client_secret: "a secret",
        refresh_token: "another",
      };
      replace(process.env, "GOOGLE_APPLICATION_CREDENTIALS", join(folder, "user.json"));
      writeFileSync(join(folder, "user.json"), JSON.stringify(user));
      const proxy = await startProxy("somebody:else");
      cleanUp(() => proxy.close());
      const { talk } = await start({ proxy: { url: proxy.url, except: [] } });
      await assert.rejects(talk.say("Hello?"), /proxy requires a user and a password/);
      assert.deepEqual(proxy.refused, ["oauth2.googleapis.com:443"]);
    });

    it("fails at once without credentials, with an error that says how to get them", async () => {
      replace(process.env, "GOOGLE_APPLICATION_CREDENTIALS", join(folder, "not there"));
      const exchange = await start();
      await assert.rejects(exchange.talk.say("Hello?"), refused(/no application default credentials/));
      assert.equal(attempts(exchange), 1);
    });

    it("fails at once when the credentials are refused", async () => {
      answer = { status: 400, body: { error: "invalid_grant", error_description: "for a subject" } };
      const exchange = await start();
      await assert.rejects(exchange.talk.say("Hello?"), refused(/no valid application default credentials/));
      assert.equal(attempts(exchange), 1);
    });

    it("removes the access token when the server quotes it", async () => {
      const { talk } = await start(undefined, {
        setup: ({ socket }) => socket.close(1008, `No access for ${ACCESS_TOKEN}`),
      });
      await assert.rejects(
        talk.say("Hello?"),
        (error: Error) => /No access for …/.test(error.message) && !error.message.includes(ACCESS_TOKEN),
      );
    });
  });

  describe("an open conversation with 3.8 on Vertex AI", () => {
    it("gets a changed instruction and changed tools by context updates, on the same connection", async () => {
      const { exchange, talk, served, updates } = await startWithTools();
      await talk.instruct("Speak like a pirate.");
      await exchange.settled();
      served.push(tool("get_time"));
      talk.conversation.updateTools();
      await exchange.settled();
      served.splice(0);
      talk.conversation.updateTools();
      await exchange.settled();
      const declared = (...names: string[]) => [
        { functionDeclarations: names.map((name) => ({ name, description: name })) },
      ];
      assert.deepEqual(updates(), [
        { systemInstruction: { role: "user", parts: [{ text: "Speak like a pirate." }] } },
        { tools: { tools: declared("lookup", "get_time") } },
        { tools: { tools: [] } },
      ]);
      assert.equal(exchange.setups.length, 1);
    });

    it("has the new instruction and tools in the server's session: the simulator at the address of Vertex AI", async () => {
      const served: ServedTool[] = [];
      const { simulator, talk } = await startSimulated((url) => ({
        server: async () => vertex(url),
        settings: { ...settings, instruction: "Be brief." },
        tools: () => served,
      }));
      await talk.say("call lookup");
      await talk.next("text", ({ final, text }) => final && /no tool named lookup/.test(text));
      const { usage } = await talk.next("usage");
      assert.ok(usage.turn.response > 0, "the counts under the names of Vertex AI");
      served.push(tool("lookup"));
      await talk.instruct("Speak like a pirate.");
      await talk.say("call lookup");
      const { call } = await talk.next("toolCall");
      assert.equal(call.name, "lookup");
      const [conversation] = simulator.conversations;
      assert.equal(conversation!.context[0]!.text, "Speak like a pirate.");
      assert.equal(conversation!.connections, 1);
    });

    it("gets nothing when nothing has changed", async () => {
      const { exchange, talk, updates } = await startWithTools();
      talk.conversation.updateTools();
      await talk.instruct("Be brief.");
      await exchange.settled();
      assert.deepEqual([updates(), exchange.setups.length], [[], 1]);
    });

    it("gets them when it is idle, not while a tool is called, and before a text that waits for that", async () => {
      const { exchange, talk, updates } = await startWithTools();
      exchange.reply({ toolCall: { functionCalls: [{ id: "1", name: "lookup", args: {} }] } });
      await talk.next("toolCall");
      await talk.instruct("Speak like a pirate.");
      const waiting = talk.sayWhenIdle("The door is open.", false);
      await exchange.settled();
      assert.deepEqual(updates(), []);
      await talk.respond("1", "found");
      finish(exchange.line());
      await waiting;
      await exchange.seen("1 context user: The door is open.");
      const kinds = exchange.farEnd.frames.slice(-2).map((frame) => Object.keys(frame)[0]);
      assert.deepEqual(kinds, ["contextUpdate", "clientContent"]);
    });

    it("resumes with the new setup instead once the server has refused a context update", async () => {
      const { exchange, talk, updates } = await startWithTools();
      const refuse = exchange.line().socket;
      refuse.on("message", (data) => {
        if (/contextUpdate/.test(data.toString()))
          refuse.close(1007, "Request contains an invalid argument.");
      });
      for (const [number, instruction] of ["Speak like a pirate.", "Whisper."].entries()) {
        await talk.instruct(instruction);
        await talk.next("resumed");
        await exchange.settled();
        assert.equal(exchange.setups[number + 1]!.systemInstruction!.parts[0]!.text, instruction);
      }
      assert.equal(updates().length, 1);
      assert.deepEqual(talk.all("failed"), []);
    });

    it("takes a refusal of something else, 5 s after a context update, as final", async () => {
      const { exchange, talk, updates } = await startWithTools();
      await talk.instruct("Speak like a pirate.");
      await exchange.settled();
      talk.clock.advance(5_001);
      exchange.line().socket.close(1007, "Request contains an invalid argument.");
      await talk.next("failed");
      assert.deepEqual([updates().length, exchange.setups.length], [1, 1]);
    });

    it("gets context updates again after a reset, although one was refused before", async () => {
      const { exchange, talk, updates } = await startWithTools();
      await talk.instruct("Speak like a pirate.");
      await exchange.settled();
      exchange.line().socket.close(1007, "Request contains an invalid argument.");
      await talk.next("resumed");
      talk.conversation.reset();
      await talk.say("Hello again?");
      await talk.next("turnComplete");
      await talk.instruct("Whisper.");
      await exchange.settled();
      const update = (text: string) => ({ systemInstruction: { role: "user", parts: [{ text }] } });
      assert.deepEqual(updates(), [update("Speak like a pirate."), update("Whisper.")]);
    });

    it("changes without a reconnect even where it could not resume", async () => {
      const { exchange, talk, updates } = await startWithTools({
        continuity: { ...continuity, onConnectionLoss: "report" },
      });
      await talk.instruct("Speak like a pirate.");
      await exchange.settled();
      assert.deepEqual([updates().length, exchange.setups.length], [1, 1]);
    });

    for (const [what, change] of [
      ["another setting", { settings: { ...settings, voice: "Kore" } }],
      ["no instruction any more", { settings }],
    ] as const)
      it(`resumes for ${what}, which a context update cannot say`, async () => {
        const { exchange, talk, updates } = await startWithTools();
        talk.conversation.configure(change.settings);
        await talk.next("resumed");
        assert.deepEqual([updates().length, exchange.setups.length], [0, 2]);
      });
  });

  describe("an open conversation with another model, or on the Gemini API", () => {
    for (const [what, options] of [
      [
        "extended-thinking on Vertex AI",
        { settings: { ...settings, model: "gemini-3.8-live-extended-thinking" } },
      ],
      ["3.8 on the Gemini API", undefined],
    ] as const)
      it(`resumes with a changed instruction: ${what}`, async () => {
        const exchange = await Exchange.start({}, (url) => ({
          ...(options && { server: async () => vertex(url) }),
          ...options,
        }));
        exchange.talk.conversation.connect();
        await exchange.talk.enters("connected");
        await exchange.settled();
        await exchange.talk.instruct("Speak like a pirate.");
        await exchange.talk.next("resumed");
        assert.equal(exchange.setups.length, 2);
        assert.ok(!exchange.farEnd.frames.some((frame) => "contextUpdate" in frame));
      });
  });

  describe("an ephemeral token for Vertex AI", () => {
    it("is an error that says what to do instead", async () => {
      await assert.rejects(
        mintToken(
          vertex("http://127.0.0.1:1"),
          { uses: 1, startWithinMs: 60_000, lifetimeMs: 600_000 },
          { timeoutMs: 1_000, clock: systemClock },
        ),
        /Vertex AI has no ephemeral tokens: choose a connection to the Gemini API/,
      );
      assert.equal(asked, 0);
    });
  });
});
