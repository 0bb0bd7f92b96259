// A live token where it belongs: behind a http in node, in a real Node-RED, with both of its outputs at a http response.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cleanUp } from "../../clean-up";
import { node } from "../../flow-node";
import { DEADLINE_MS } from "../../inbox";
import { deploy, listenAsEditor, type NodeRed, post, startNodeRed } from "../../node-red";

describe("a live token behind a http in node", () => {
  let nodeRed: NodeRed;
  before(async () => {
    nodeRed = await startNodeRed();
    await post(nodeRed, "/flows", [
      { id: "tab", type: "tab", label: "tokens" },
      { id: "config", type: "gemini-live-config", server: "simulator" },
      node("session", "gemini-live-session", { connection: "config" }, [[], [], [], []]),
      node("in", "http in", { url: "/token", method: "post" }, [["token"]]),
      node("token", "gemini-live-token", { session: "session", limit: 2 }, [["out"], ["out"]]),
      node("out", "http response", {}, []),
    ]);
    const news = await listenAsEditor(nodeRed.url);
    await news.badges.next(({ node }) => node === "session");
    news.close();
  });
  after(() => nodeRed.stop());

  it("a browser gets tokens by http, which no cache keeps, as often as its address may ask", async () => {
    for (let n = 0; n < 2; n++) {
      const response = await fetch(`${nodeRed.url}/token`, { method: "POST" });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("cache-control"), "no-store");
      const { token, url } = (await response.json()) as { token: string; url: string };
      assert.match(token, /^auth_tokens\//);
      assert.match(url, /^ws:\/\/127\.0\.0\.1:\d+\/ws\/.*BidiGenerateContentConstrained$/);
    }
    const response = await fetch(`${nodeRed.url}/token`, { method: "POST" });
    assert.equal(response.status, 429);
    const seconds = Number(response.headers.get("retry-after"));
    assert.ok(seconds >= 1 && seconds <= 60, `Retry-After: ${seconds}`);
    const { error, retryAfter } = (await response.json()) as { error: string; retryAfter: number };
    assert.match(error, /Too many requests: the limit is 2 tokens in 60 s/);
    assert.equal(retryAfter, seconds);
  });
});

describe("a request for a token that is open when its node is deployed again", () => {
  for (const kind of ["nodes", "full"] as const)
    it(`is answered with 503 and a time to try again: deploy of ${kind}`, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      cleanUp(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
      const nodeRed = await startNodeRed();
      cleanUp(() => nodeRed.stop());
      const news = await listenAsEditor(nodeRed.url);
      cleanUp(() => news.close());
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const flow = (limit: number) => [
        { id: "tab", type: "tab", label: "tokens" },
        { id: "config", type: "gemini-live-config", server: "custom", url },
        node("session", "gemini-live-session", { connection: "config" }, [[], [], [], []]),
        node("in", "http in", { url: "/token", method: "post" }, [["token"]]),
        node("token", "gemini-live-token", { session: "session", limit }, [["out"], ["out"]]),
        node("out", "http response", {}, []),
      ];
      await deploy(nodeRed, news, flow(2), "full");
      const asked = once(server, "request");
      const answer = fetch(`${nodeRed.url}/token`, {
        method: "POST",
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      await asked;
      await deploy(nodeRed, news, flow(3), kind);
      const response = await answer;
      assert.equal(response.status, 503);
      assert.equal(response.headers.get("retry-after"), "1");
      assert.deepEqual(await response.json(), {
        error: "The flow is being restarted. Try again in 1 s.",
        retryAfter: 1,
      });
    });
});
