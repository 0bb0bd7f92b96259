// Connections with ephemeral tokens: when a token is requested, reused and renewed.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ConversationOptions } from "../../../live/options";
import type { OwnTokens } from "../../../live/server/credentials";
import type { ServedTool } from "../../../live/tools/tool-dispatch";
import { type Fault, startSimulator } from "../../../simulator/server";
import { startSimulated } from "../simulated";
import { continuity, serverAt } from "../talk";

const MINUTE = 60_000;
const tokens: OwnTokens = {
  uses: 1,
  startWithinMs: MINUTE,
  lifetimeMs: 30 * MINUTE,
  renewBeforeMs: 5 * MINUTE,
};

/** @param key with which tokens are requested; the simulator accepts `a-key` */
async function start(
  options: Partial<ConversationOptions> = {},
  { script = [], key = () => "a-key" }: { script?: Fault[]; key?: () => string } = {},
) {
  const simulated = await startSimulated(
    (url) => ({
      tokens,
      server: async () => ({ ...serverAt(url), access: { by: "key", key: key() } }),
      ...options,
    }),
    { key: "a-key", lifetimeMs: Number.POSITIVE_INFINITY, script },
  );
  const { talk } = simulated;
  return {
    ...simulated,
    /** Sends a text and waits for its answer. */
    ask: async (text: string) => {
      await talk.say(text);
      await talk.next("turnComplete", ({ reason }) => reason !== "CONNECTION_LOST");
    },
    /** Moves the time and calls watch(), as the pool of conversations does. */
    pass: (ms: number) => {
      talk.clock.advance(ms);
      talk.conversation.watch();
    },
  };
}

describe("a conversation with ephemeral tokens", () => {
  it("requests a token with the configured uses and times, and is authenticated by it", async () => {
    const { simulator, ask } = await start({
      tokens: { ...tokens, uses: 3, startWithinMs: 2 * MINUTE, lifetimeMs: 10 * MINUTE },
    });
    await ask("Hello");
    const [token] = simulator.tokens;
    assert.equal(simulator.tokens.length, 1);
    assert.deepEqual([token!.uses, token!.used], [3, 1]);
    assert.equal(token!.expiresAt - token!.startBefore, 8 * MINUTE);
    assert.equal(token!.setup, undefined);
  });

  it("resumes with the same token while it is valid", async () => {
    const { simulator, talk, ask, pass } = await start();
    await ask("Hello");
    simulator.order({ at: "now", do: "cut" });
    assert.equal((await talk.next("resumed")).remembered, true);
    pass(20 * MINUTE);
    simulator.order({ at: "now", do: "cut" });
    assert.equal((await talk.next("resumed")).remembered, true);
    assert.equal(simulator.tokens.length, 1);
    assert.equal(simulator.conversations[0]!.connections, 3);
  });

  it("changes over to a new token at an idle moment before the old one expires", async () => {
    const { simulator, talk, ask, pass } = await start();
    await ask("Hello");
    pass(24 * MINUTE);
    assert.equal(simulator.tokens.length, 1);
    assert.equal(talk.conversation.state, "connected");
    pass(MINUTE);
    assert.equal((await talk.next("resumed")).remembered, true);
    assert.equal(simulator.tokens.length, 2);
    await ask("Still there?");
    assert.equal(simulator.conversations.length, 1);
    assert.match(String(talk.all("state").find(({ cause }) => cause)?.cause), /token expires soon/);
  });

  it("changes over 5 s before the token expires when it was not idle before", async () => {
    const tool: ServedTool = {
      declaration: { name: "think_long" },
      server: "",
      timeoutMs: 60 * MINUTE,
      check: () => undefined,
    };
    const { simulator, talk, pass } = await start({ tools: () => [tool] });
    await talk.say("call think_long with {}");
    await talk.next("toolCall");
    pass(29 * MINUTE);
    pass(30_000);
    assert.equal(talk.conversation.state, "connected");
    pass(25_000);
    await talk.next("resumed");
    assert.equal(simulator.tokens.length, 2);
    const causes = talk.all("state").flatMap(({ cause }) => cause ?? []);
    assert.equal(causes[0], "the token expires soon");
    assert.ok(!causes.includes("the token is used up or has expired"));
  });

  it("needs no third token when the connection of the old one ends after its renewal", async () => {
    const { simulator, talk, pass } = await start({
      tools: () => [
        { declaration: { name: "think_long" }, server: "", timeoutMs: 60 * MINUTE, check: () => undefined },
      ],
    });
    await talk.say("call think_long with {}");
    await talk.next("toolCall");
    pass(26 * MINUTE);
    while (simulator.tokens.length < 2)
      await talk.clock.during(new Promise((resolve) => setTimeout(resolve, 5)));
    await talk.clock.during(new Promise((resolve) => setTimeout(resolve, 20)));
    simulator.order({ at: "now", do: "close", code: 1011, reason: "auth token has expired" });
    await talk.next("resumed");
    assert.equal(simulator.tokens.length, 2);
  });

  it("continues while renewing the token fails, attempts it once a minute, and changes over when it succeeds", async () => {
    let key = "a-key";
    const { simulator, talk, ask, pass } = await start({}, { key: () => key });
    await ask("Hello");
    key = "another-key";
    const tried = talk.all("state").length;
    for (let minutes = 25; minutes < 28; minutes++) {
      pass(minutes === 25 ? 25 * MINUTE : MINUTE);
      await ask(`After ${minutes} minutes`);
    }
    assert.equal(talk.all("state").length, tried);
    key = "a-key";
    pass(MINUTE);
    assert.equal((await talk.next("resumed")).remembered, true);
    assert.equal(simulator.tokens.length, 2);
  });

  it("resumes with the old token until it expires when renewing fails", async () => {
    let key = "a-key";
    const { simulator, talk, ask, pass } = await start({}, { key: () => key });
    await ask("Hello");
    key = "another-key";
    pass(26 * MINUTE);
    simulator.order({ at: "now", do: "cut" });
    assert.equal((await talk.next("resumed")).remembered, true);
    assert.equal(simulator.tokens.length, 1);
    await ask("Still there?");
  });

  it("does not start with a token that expires soon", async () => {
    const { simulator, talk, ask, pass } = await start({
      tokens: { ...tokens, uses: 0, startWithinMs: 29 * MINUTE },
    });
    await ask("Hello");
    talk.conversation.disconnect();
    pass(26 * MINUTE);
    await ask("Hello again");
    assert.equal(simulator.tokens.length, 2);
  });

  it("continues for hours, with a new token every 25 minutes", async () => {
    const { simulator, talk, ask, pass } = await start();
    await ask("Hello");
    for (let count = 2; count <= 10; count++) {
      pass(25 * MINUTE);
      await talk.next("resumed");
      assert.equal(simulator.tokens.length, count);
    }
    await ask("Still there?");
    assert.equal(simulator.conversations.length, 1);
  });

  for (const reason of ["auth token has expired", "Token has expired", "Token has been used too many times"])
    it(`requests a new token and resumes when the server closes with "${reason}"`, async () => {
      const { simulator, talk, ask } = await start();
      await ask("Hello");
      simulator.order({ at: "now", do: "close", code: 1011, reason });
      assert.equal((await talk.next("resumed")).remembered, true);
      assert.equal(simulator.tokens.length, 2);
      await ask("Still there?");
      assert.equal(simulator.conversations.length, 1);
      assert.deepEqual(talk.all("failed"), []);
    });

  it("requests a new token when the server refuses the first one", async () => {
    const { simulator, ask } = await start(
      {},
      { script: [{ at: "setup", do: "close", code: 1011, reason: "Token has expired" }] },
    );
    await ask("Hello");
    assert.equal(simulator.tokens.length, 2);
  });

  it("keeps its handle however often the server refuses its tokens", async () => {
    const { simulator, talk, ask } = await start({ continuity: { ...continuity, reconnectAttempts: 20 } });
    await ask("Hello");
    const reason = "auth token has expired";
    simulator.order(
      { at: "setup", resumed: true, do: "close", code: 1011, reason, times: 5 },
      { at: "now", do: "cut" },
    );
    assert.equal((await talk.next("resumed")).remembered, true);
    assert.equal(simulator.tokens.length, 6);
  });

  it("requests no new token for a connection that cannot change over", async () => {
    const { simulator, ask, pass } = await start({
      continuity: { ...continuity, onConnectionLoss: "report" },
    });
    await ask("Hello");
    pass(26 * MINUTE);
    await ask("Still there?");
    assert.equal(simulator.tokens.length, 1);
  });

  it("starts another conversation with a new token when the old one has no uses left", async () => {
    const { simulator, talk, ask } = await start();
    await ask("Hello");
    talk.conversation.reset();
    await talk.enters("connected");
    await ask("Hello again");
    assert.equal(new Set(simulator.tokens.map(({ name }) => name)).size, 2);
    assert.deepEqual(
      simulator.tokens.map(({ used }) => used),
      [1, 1],
    );
  });

  it("starts several conversations with one token of unlimited uses, within its time to start", async () => {
    const { simulator, talk, ask, pass } = await start({ tokens: { ...tokens, uses: 0 } });
    await ask("Hello");
    talk.conversation.reset();
    await ask("Hello again");
    assert.equal(simulator.tokens.length, 1);
    assert.equal(simulator.tokens[0]!.used, 2);
    pass(2 * MINUTE);
    talk.conversation.reset();
    await ask("And again");
    assert.equal(simulator.tokens.length, 2);
  });

  it("restarts with context with a new token after a loss", async () => {
    const { simulator, talk, ask } = await start({
      continuity: { ...continuity, onConnectionLoss: "restart" },
    });
    await ask("Hello");
    simulator.order({ at: "now", do: "cut" });
    assert.equal((await talk.next("resumed")).remembered, false);
    assert.equal(simulator.tokens.length, 2);
  });

  it("fails at once when the key is refused, with an error that does not contain the key", async () => {
    const { simulator, talk } = await start({}, { key: () => "another-key" });
    await assert.rejects(
      talk.say("Hello"),
      (error: Error) => /API key was refused/.test(error.message) && !/another-key/.test(error.message),
    );
    assert.equal(talk.all("state").filter(({ state }) => state === "connecting").length, 1);
    assert.equal(simulator.tokens.length, 0);
  });

  it("retries when no token can be requested for now", async () => {
    const gone = await startSimulator();
    await gone.close();
    let requests = 0;
    const { talk } = await startSimulated((url) => ({
      tokens,
      server: async () => serverAt(++requests < 3 ? gone.url : url),
    }));
    await talk.say("Hello");
    await talk.next("turnComplete");
    assert.equal(requests, 3);
    assert.match(String(talk.all("state")[1]!.cause), /cannot be reached/);
  });
});
