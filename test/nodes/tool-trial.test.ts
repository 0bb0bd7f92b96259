// The admin endpoint behind the button "Try it" of a tool call, in a real Node-RED, with branches that answer, fail and stay silent.

import assert from "node:assert/strict";
import { declareTool } from "../../live/tools/declaration";
import type { CallerNode } from "../../nodes/flow/node-types";
import { Trial } from "../../nodes/tool-call/trial";
import { opened } from "../clean-up";
import { TestClock } from "../clock";
import { deploy, type EditorNews, listenAsEditor, type NodeRed, startNodeRed } from "../node-red";
import { startPlainNodeRed } from "../plain-node-red";

const PARAMETERS = JSON.stringify({
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
});
const tool = (id: string, timeoutSeconds: number, more: object = {}) => ({
  id,
  type: "gemini-tool-call",
  z: "tab",
  x: 100,
  y: 100,
  functionName: id,
  description: `does ${id}`,
  parameters: PARAMETERS,
  timeoutSeconds,
  wires: [[`${id} branch`], ["cancelled"]],
  ...more,
});
const branch = (id: string, func: string) => ({
  id: `${id} branch`,
  type: "function",
  z: "tab",
  x: 100,
  y: 100,
  func,
  outputs: 1,
  wires: [["response", "called"]],
});
const debug = (id: string) => ({
  id,
  type: "debug",
  z: "tab",
  x: 100,
  y: 100,
  active: true,
  tosidebar: true,
  complete: "true",
  targetType: "full",
  wires: [],
});
const FLOW = [
  { id: "tab", type: "tab", label: "flow" },
  tool("answers", 30),
  branch("answers", "msg.payload = { sky: 'sunny in ' + msg.payload.city }; return msg;"),
  tool("fails", 30),
  branch("fails", "msg.error = { message: 'no station there' }; return msg;"),
  tool("silent", 1),
  branch("silent", "return null;"),
  tool("waits", 3_600),
  branch("waits", "msg.payload = 'a while'; msg.willContinue = true; return msg;"),
  tool("talks", 30),
  branch("talks", "msg.payload = 'x'.repeat(3000); return msg;"),
  tool("broken", 30, { description: "" }),
  tool("copied", 30, { parameters: "", wires: [["silent branch", "answers branch"], []] }),
  { id: "response", type: "gemini-tool-response", z: "tab", x: 100, y: 100, maxKilobytes: 1, wires: [] },
  debug("called"),
  debug("cancelled"),
];

interface Result {
  outcome: string;
  ms?: number;
  response?: unknown;
  problem?: string;
}

describe("a call that is tried from the dialog", () => {
  let nodeRed: NodeRed;
  let news: EditorNews;

  before(async () => {
    nodeRed = await startNodeRed();
    news = await listenAsEditor(nodeRed.url);
    await deploy(nodeRed, news, FLOW, "full");
  });
  after(() => {
    news.close();
    return nodeRed.stop();
  });

  const request = (id: string, body: object = {}, signal?: AbortSignal) =>
    fetch(`${nodeRed.url}/gemini-tool-call/${id}/try`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ args: { city: "Berlin" }, functionName: id, parameters: PARAMETERS, ...body }),
      ...(signal && { signal }),
    });
  const attempt = async (id: string, body?: object): Promise<[number, Result]> => {
    const response = await request(id, body);
    return [response.status, (await response.json()) as Result];
  };
  const debugged = async (id: string, of: string) => {
    const { msg } = await news.debug.next(({ id: from, msg }) => from === id && msg.includes(`"${of}"`));
    return JSON.parse(msg) as {
      payload: object;
      session: string;
      toolCall: { id: string; node: string; tool: string };
    };
  };

  it("shows what the branch answered, and how long it took", async () => {
    const [status, { outcome, ms, response }] = await attempt("answers");
    assert.deepEqual([status, outcome, response], [200, "answered", { sky: "sunny in Berlin" }]);
    assert.ok(ms! >= 0 && ms! < 30_000, String(ms));
    const { toolCall, session } = await debugged("called", "answers");
    assert.deepEqual([toolCall.node, toolCall.tool, session], ["answers", "answers", "try"]);
  });

  it("shows the error that the branch returned, and cuts a large result as for a model", async () => {
    const [, failed] = await attempt("fails");
    assert.deepEqual([failed.outcome, failed.response], ["failed", "no station there"]);
    const [, large] = await attempt("talks");
    assert.equal(large.outcome, "answered");
    assert.match(String(large.response), /^x{1024} … \[cut to 1024 of 3002 bytes\]$/);
  });

  it("says after the timeout that the branch stayed silent, and tells the branch", async () => {
    const [status, { outcome, ms }] = await attempt("silent");
    assert.deepEqual([status, outcome], [200, "silent"]);
    assert.ok(ms! >= 990, String(ms));
    assert.deepEqual((await debugged("cancelled", "silent")).payload, { reason: "timeout" });
  });

  it("runs one at a time, goes on after a response that others follow, and stops with the dialog", async () => {
    const dialog = new AbortController();
    const first = request("waits", {}, dialog.signal).catch((error: Error) => error.name);
    const { toolCall } = await debugged("called", "waits");
    assert.deepEqual(await attempt("waits"), [409, { outcome: "busy" }]);
    dialog.abort();
    assert.equal(await first, "AbortError");
    const cancelled = await debugged("cancelled", "waits");
    assert.deepEqual([cancelled.payload, cancelled.toolCall], [{ reason: "cancelled" }, toolCall]);
    // It is free again.
    const again = new AbortController();
    const second = request("waits", {}, again.signal).catch((error: Error) => error.name);
    assert.notEqual((await debugged("called", "waits")).toolCall.id, toolCall.id);
    again.abort();
    assert.equal(await second, "AbortError");
    await debugged("cancelled", "waits");
  });

  it("reaches the branch only with arguments that fit the parameters", async () => {
    const [status, { outcome, problem }] = await attempt("answers", { args: { city: 7 } });
    assert.deepEqual([status, outcome], [422, "invalid"]);
    assert.match(problem!, /city must be string/);
    for (const args of [null, "Berlin", [], 7]) {
      const [status] = await attempt("answers", { args });
      assert.equal(status, 422, JSON.stringify(args));
    }
  });

  it("says when the tool call is not deployed, has errors, or runs with other settings than the dialog shows", async () => {
    for (const id of ["nobody", "broken", "response"])
      assert.deepEqual(await attempt(id), [404, { outcome: "undeployed" }], id);
    for (const other of [
      { functionName: "answered" },
      { parameters: '{"type":"object","properties":{}}' },
      { parameters: "{" },
      { parameters: undefined },
    ])
      assert.deepEqual(await attempt("answers", other), [409, { outcome: "changed" }]);
    // The same in other words.
    const [, { outcome }] = await attempt("answers", {
      parameters: JSON.stringify(JSON.parse(PARAMETERS), null, 3),
    });
    assert.equal(outcome, "answered");
  });

  it("answers an error to arguments that are nested too deeply to copy, and takes others after it", async () => {
    const depth = 50_000;
    const args = `${'{"next":'.repeat(depth)}{}${"}".repeat(depth)}`;
    const response = await fetch(`${nodeRed.url}/gemini-tool-call/copied/try`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"functionName":"copied","parameters":"","args":${args}}`,
    });
    const { problem } = (await response.json()) as Result;
    assert.deepEqual(
      [response.status, problem],
      [422, "The arguments cannot be sent: Maximum call stack size exceeded"],
    );
    const [, { outcome }] = await attempt("copied", { parameters: "" });
    assert.equal(outcome, "answered");
  });

  it("ends with a deploy", async () => {
    const waiting = attempt("waits");
    await debugged("called", "waits");
    await deploy(nodeRed, news, FLOW, "full");
    const [status, { outcome }] = await waiting;
    assert.deepEqual([status, outcome], [200, "stopped"]);
  });
});

describe("the calls of one tool that are tried", () => {
  it("end with their own response, and not with the timeout or the response of another one", async () => {
    const clock = new TestClock();
    const sent: [{ toolCall: { id: string } } | null, object | null][] = [];
    const node = {
      id: "tool",
      send: (messages: (typeof sent)[0]) => sent.push(messages),
    } as unknown as CallerNode;
    const declared = declareTool({ name: "f", description: "Does it.", parameters: "{}", behavior: "" });
    const trial = new Trial(node, { ...declared, timeoutMs: 5_000 }, "{}", clock);
    const run = (signal = new AbortController().signal) =>
      trial.run({ args: {}, functionName: "f", parameters: "{}" }, signal);
    const respond = (id: string, output: string) => {
      const errors: (Error | undefined)[] = [];
      trial.respond(id, { response: { output } }, (error) => errors.push(error));
      return errors;
    };
    const dialog = new AbortController();
    const first = run(dialog.signal);
    dialog.abort();
    assert.deepEqual(await first, { outcome: "stopped", ms: 0 });
    const second = run();
    const [firstId, secondId] = sent.flatMap(([call]) => call?.toolCall.id ?? []);
    assert.match(String(respond(firstId!, "late")), /waits for no response/);
    clock.advance(3_000);
    assert.deepEqual(respond(secondId!, "in time"), [undefined]);
    assert.deepEqual(await second, { outcome: "answered", response: "in time", ms: 3_000 });
    assert.equal(clock.waiting, 0);
    assert.equal(sent.length, 3);
  });
});

describe("a call that is tried with a login for the editor", () => {
  it("needs the permission to change flows", async () => {
    const secured = await startPlainNodeRed(
      `adminAuth: { type: "credentials", users: [],
        tokens: (token) => Promise.resolve(token === "reader" ? { username: "r", permissions: "read" } : token === "all" ? { username: "a", permissions: "*" } : null) },`,
      FLOW,
    );
    await opened({ close: () => secured.stop() });
    const status = async (headers: object) =>
      (
        await fetch(`${secured.url}/gemini-tool-call/answers/try`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify({ args: { city: "Berlin" }, functionName: "answers", parameters: PARAMETERS }),
        })
      ).status;
    assert.equal(await status({}), 401);
    assert.equal(await status({ authorization: "Bearer reader" }), 401);
    assert.equal(await status({ authorization: "Bearer all" }), 200);
  });
});
