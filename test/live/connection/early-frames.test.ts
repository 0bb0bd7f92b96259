// Frames that arrive together with the answer to the setup.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ServedTool } from "../../../live/tools/tool-dispatch";
import { Exchange } from "../exchange";

const tool: ServedTool = {
  declaration: { name: "lookup", description: "Looks something up." },
  server: "lookup node",
  timeoutMs: 5_000,
  check: () => undefined,
};

describe("a frame in the same packet as setupComplete", () => {
  it("is handled once the conversation is connected: its tool call gets a response", async () => {
    const exchange = await Exchange.start(
      {
        setup: ({ socket, reply }) => {
          const raw = (socket as unknown as { _socket: { cork(): void; uncork(): void } })._socket;
          raw.cork();
          reply({ setupComplete: {} });
          reply({ toolCall: { functionCalls: [{ id: "1", name: "lookup", args: {} }] } });
          raw.uncork();
        },
      },
      { tools: () => [tool] },
    );
    exchange.talk.conversation.connect();
    await exchange.talk.next("toolCall");
    assert.equal(exchange.talk.conversation.state, "connected");
    exchange.talk.conversation.respond("1", { response: { output: "ok" } }, () => {});
    await exchange.seen("1 response 1");
    assert.deepEqual(exchange.talk.all("toolCancelled"), []);
  });
});
