// Clients that disconnect: the message of a Status node ends their conversation, with the real nodes and with what each of them says.

import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocket } from "ws";
import { cleanUp } from "../../clean-up";
import { node } from "../../flow-node";
import { listenAsEditor, post, startNodeRed } from "../../node-red";
import { startSession, state } from "../flow";

describe("a client that disconnects", () => {
  const client = { type: "websocket", id: "a client" };
  const start = async () => {
    const { flow } = await startSession();
    for (const msg of [{ _session: client }, { session: "other" }])
      flow.send("session", { ...msg, action: "connect" });
    await flow.at("events").next(state("connected", "other"));
    return flow;
  };

  const GONE: [node: string, status: object][] = [
    [
      "websocket in, the last client",
      { fill: "red", shape: "ring", text: "common.status.disconnected", event: "disconnect" },
    ],
    [
      "websocket in, one of several",
      { fill: "green", shape: "dot", text: "connected 1", event: "disconnect" },
    ],
    ["tcp in that listens", { text: "0 connections", event: "disconnect", ip: "127.0.0.1", port: 1 }],
    ["tcp in that connects", { fill: "red", shape: "ring", text: "common.status.disconnected" }],
  ];
  for (const [node, status] of GONE)
    it(`ends its conversation and no other: ${node}`, async () => {
      const flow = await start();
      flow.send("session", { status: { ...status, _session: client, source: { id: "in" } } });
      await flow.at("events").next(state("closed", "a client"));
      assert.deepEqual(flow.all("events", state("closed", "other")), []);
      // Sound that was still on its way opens no new conversation.
      flow.send("session", { _session: client, payload: Buffer.alloc(640) });
      flow.send("session", { session: "other", action: "disconnect" });
      await flow.at("events").next(state("closed", "other"));
      assert.equal(flow.all("events", state("connecting", "a client")).length, 1);
    });

  it("is not one that connects, nor any other status: they do nothing", async () => {
    const flow = await start();
    for (const status of [
      { fill: "green", shape: "dot", text: "connected 1", event: "connect", _session: client },
      { fill: "red", shape: "ring", text: "common.status.error", event: "error", _session: client },
      { fill: "red", shape: "ring", text: "common.status.disconnected" },
      { text: "disconnect" },
      {},
    ])
      flow.send("session", { status });
    flow.send("session", { status: { event: "disconnect", _session: { type: "tcp", id: "unknown" } } });
    flow.send("session", { session: "other", action: "disconnect" });
    await flow.at("events").next(state("closed", "other"));
    assert.deepEqual(flow.all("events", state("closed", "a client")), []);
    assert.deepEqual(flow.caught.items, []);
  });

  it("ends its conversation in a real Node-RED, by the status of websocket in", async () => {
    const nodeRed = await startNodeRed();
    cleanUp(() => nodeRed.stop());
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(() => news.close());
    await post(nodeRed, "/flows", [
      { id: "tab", type: "tab", label: "clients" },
      { id: "config", type: "gemini-live-config", server: "simulator" },
      { id: "listener", type: "websocket-listener", path: "/clients", wholemsg: "false" },
      node("in", "websocket in", { server: "listener", client: "" }, [["session"]]),
      node("status", "status", { scope: ["in"] }, [["session"]]),
      node("session", "gemini-live-session", { connection: "config" }, [[], [], [], []]),
    ]);
    const badge = (text: string) => news.badges.next((each) => each.node === "session" && each.text === text);
    await badge("disconnected");
    const socket = new WebSocket(`${nodeRed.url.replace("http", "ws")}/clients`);
    await once(socket, "open");
    socket.send("hello");
    await badge("connected");
    socket.close();
    await badge("closed");
  });
});
