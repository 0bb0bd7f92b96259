// npm start: what it writes on the first start, and that it changes nothing later.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NodeRed, post, startNodeRed } from "../node-red";

const KEY = "a-key-of-the-environment";

interface FlowNode {
  type: string;
  server?: string;
}

describe("npm start", () => {
  let home: string;
  let nodeRed: NodeRed | undefined;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "start-"));
  });
  afterEach(async () => {
    await nodeRed?.stop();
    rmSync(home, { recursive: true });
  });

  const flowFile = () => join(home, "flows.json");
  const saved = () => JSON.parse(readFileSync(flowFile(), "utf8")) as FlowNode[];
  const serverOf = (flow: FlowNode[]) => flow.find(({ type }) => type === "gemini-live-config")!.server;
  const withServer = (server: string) =>
    saved().map((node) => (node.type === "gemini-live-config" ? { ...node, server } : node));
  /** Starts Node-RED, and returns what it has printed when the flow runs. */
  const start = async (GEMINI_API_KEY?: string) => {
    await nodeRed?.stop();
    nodeRed = await startNodeRed({ GEMINI_API_KEY }, home);
    return nodeRed.output();
  };

  it("uses the simulator without a key and the Gemini API with one, as long as nothing was deployed", async () => {
    await start();
    assert.equal(serverOf(saved()), "simulator");
    await start(KEY);
    assert.equal(serverOf(saved()), "gemini");
    await start();
    assert.equal(serverOf(saved()), "simulator");
  });

  for (const [server, key] of [
    ["vertex", KEY],
    ["vertex", undefined],
    ["simulator", KEY],
    ["gemini", undefined],
    ["custom", KEY],
  ] as const)
    it(`keeps a deployed connection to "${server}" when it starts ${key ? "with" : "without"} GEMINI_API_KEY`, async () => {
      await start(server === "simulator" ? KEY : undefined);
      await post(nodeRed!, "/flows", withServer(server));
      const deployed = readFileSync(flowFile(), "utf8");
      assert.equal(serverOf(saved()), server);
      await start(key);
      assert.equal(readFileSync(flowFile(), "utf8"), deployed);
    });

  it("keeps the connection of an existing flow file", async () => {
    await start();
    const flow = JSON.stringify(withServer("vertex"), null, 2);
    await nodeRed!.stop();
    writeFileSync(flowFile(), flow);
    await start(KEY);
    assert.equal(readFileSync(flowFile(), "utf8"), flow);
  });

  it("says how to use the key when a deployed connection uses the simulator", async () => {
    await start();
    await post(nodeRed!, "/flows", saved());
    assert.match(await start(KEY), /choose "Gemini API" as its server/);
    assert.doesNotMatch(await start(), /Gemini API/);
  });
});
