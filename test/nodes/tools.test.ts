import assert from "node:assert/strict";
import { opened } from "../clean-up";
import { acceptResumable, type FarEnd, startFarEnd } from "../far-end";
import { node } from "../flow-node";
import { Inbox } from "../inbox";
import { connectionTo, event, Flow, type Msg, session } from "./flow";

interface Response {
  id: string;
  response: Record<string, unknown>;
  scheduling?: string;
  willContinue?: boolean;
}
interface Frame {
  setup?: { tools?: { functionDeclarations: { name: string }[] }[] };
  toolResponse?: { functionResponses: Response[] };
}

const PARAMETERS = JSON.stringify({
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
});
const tool = (id: string, functionName: string, properties: object = {}) =>
  node(
    id,
    "gemini-tool-call",
    { functionName, description: `does ${functionName}`, parameters: PARAMETERS, ...properties },
    [[`${id} called`], [`${id} cancelled`]],
  );
const ends = (id: string) => [node(`${id} called`, "helper"), node(`${id} cancelled`, "helper")];

describe("tools as branches of the flow", () => {
  let farEnd: FarEnd;
  let flow: Flow;
  let frames: Inbox<Frame>;
  /** A session whose tools output is wired to these tool calls. `answer` is a tool response. */
  const flowOf = (...tools: ReturnType<typeof tool>[]) => [
    connectionTo(farEnd, { reconnectAttempts: 3 }),
    ...session().map((each) =>
      each.id === "session"
        ? { ...each, wires: [["audio"], ["text"], tools.map(({ id }) => id), ["events"]] }
        : each,
    ),
    ...tools,
    ...tools.flatMap(({ id }) => ends(id)),
    node("answer", "gemini-tool-response", { maxKilobytes: 1 }),
  ];
  const start = async (...tools: ReturnType<typeof tool>[]) => {
    frames = new Inbox();
    const accept = acceptResumable();
    farEnd = await opened(
      startFarEnd((frame: Frame, ...rest) => {
        frames.push(frame);
        accept(frame, ...rest);
      }),
    );
    flow = await Flow.start(flowOf(...tools));
    flow.send("session", { payload: "hello", turnComplete: false, session: "kitchen", topic: "mine" });
    await frames.next(({ setup }) => !setup);
  };
  const declared = () =>
    frames.items.flatMap(({ setup }) =>
      setup
        ? [
            (setup.tools ?? []).flatMap(({ functionDeclarations }) =>
              functionDeclarations.map(({ name }) => name),
            ),
          ]
        : [],
    );
  const call = (...calls: { id: string; name: string; args?: object }[]) =>
    farEnd.sockets.at(-1)!.send(JSON.stringify({ toolCall: { functionCalls: calls } }));
  const response = async () => {
    const { toolResponse } = await frames.next(({ toolResponse }) => !!toolResponse);
    return toolResponse!.functionResponses[0]!;
  };
  const called = async (id: string) => flow.at(`${id} called`).next();

  it("the model can call what is wired to the tools output", async () => {
    await start(tool("a", "get_weather"), tool("b", "get_time"));
    assert.deepEqual(declared(), [["get_weather", "get_time"]]);
  });

  it("a call reaches only its own tool, with its arguments and the toolCall that the response needs", async () => {
    await start(tool("a", "get_weather"), tool("b", "get_time"));
    call({ id: "call_1", name: "get_time", args: { city: "Berlin" } });
    const msg = await called("b");
    assert.deepEqual(msg.payload, { city: "Berlin" });
    assert.deepEqual(msg.toolCall, {
      id: "call_1",
      name: "get_time",
      node: "session",
      session: "kitchen",
      tool: "b",
    });
    assert.deepEqual([msg.session, msg.topic], ["kitchen", undefined]);
    assert.equal(flow.all("a called").length, 0);
  });

  it("a response finds its call by msg.toolCall alone, even if it was JSON in between", async () => {
    await start(tool("a", "get_weather"));
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    const { toolCall } = JSON.parse(JSON.stringify(await called("a"))) as Msg;
    flow.send("answer", { payload: { temperature: 21 }, toolCall });
    assert.deepEqual((await response()).response, { output: { temperature: 21 } });
  });

  const WRAPPED: [what: string, msg: object, response: object | RegExp][] = [
    ["a string", { payload: "sunny" }, { output: "sunny" }],
    ["a number", { payload: 0 }, { output: 0 }],
    ["false", { payload: false }, { output: false }],
    ["an array", { payload: [1, 2] }, { output: [1, 2] }],
    ["nothing", {}, { output: "Done. There is no result." }],
    ["an empty string", { payload: "" }, { output: "Done. There is no result." }],
    ["a Buffer", { payload: Buffer.alloc(7) }, { output: "Done. The result is 7 bytes of data." }],
    ["an error of a Catch node", { payload: "x", error: { message: "no network" } }, { error: "no network" }],
    [
      "a text that is too long",
      { payload: `a${"é".repeat(2_000)}` },
      /^\{"output":"aé{511} … \[cut to 1024 of 4003 bytes\]"\}$/,
    ],
    [
      "an object that is too large",
      { payload: { list: Array(2_000).fill(1) } },
      /\{\\"list\\":\[1,1,1.*cut to 1024 of 4010 bytes/,
    ],
  ];
  for (const [what, msg, wanted] of WRAPPED)
    it(`sends ${what} in the form of the API`, async () => {
      await start(tool("a", "get_weather"));
      call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
      const { toolCall } = await called("a");
      flow.send("answer", { ...msg, toolCall } as Msg);
      const { response: sent } = await response();
      if (wanted instanceof RegExp) assert.match(JSON.stringify(sent), wanted);
      else assert.deepEqual(sent, wanted);
    });

  it("rejects results that JSON cannot hold, and the call still waits for its response", async () => {
    await start(tool("a", "get_weather"));
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    const { toolCall } = await called("a");
    const itself: { self?: object } = {};
    itself.self = itself;
    for (const payload of [itself, { count: 10n }, () => 1]) {
      flow.send("answer", { payload, toolCall });
      assert.match((await flow.nextError()).message, /msg\.payload, of type \w+, cannot be written as JSON/);
    }
    flow.send("answer", { payload: "sunny", toolCall });
    assert.deepEqual((await response()).response, { output: "sunny" });
  });

  it("sends the scheduling, and whether more results follow", async () => {
    await start(tool("a", "get_weather"));
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    const { toolCall } = await called("a");
    flow.send("answer", { payload: "looking", toolCall, scheduling: "SILENT", willContinue: true });
    const { scheduling, willContinue } = await response();
    assert.deepEqual([scheduling, willContinue], ["SILENT", true]);
    flow.send("answer", { payload: "sunny", toolCall, scheduling: "SOON" });
    assert.match(
      (await flow.nextError()).message,
      /msg\.scheduling must be one of INTERRUPT, WHEN_IDLE, SILENT; it is "SOON"/,
    );
  });

  it("rejects duplicate, late, forged and orphaned tool responses with an error and sends nothing", async () => {
    await start(tool("a", "get_weather"));
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    const { toolCall } = await called("a");
    flow.send("answer", { payload: "sunny", toolCall });
    await response();
    const words = toolCall as object;
    const BAD: [object | undefined, RegExp][] = [
      [words, /waits for no response/],
      [{ ...words, id: "call_2" }, /waits for no response/],
      [{ ...words, session: "cellar" }, /conversation of the tool call call_1 has ended/],
      [{ ...words, node: "answer" }, /no longer exists/],
      [{ ...words, node: "nobody" }, /no longer exists/],
      [{ ...words, id: 7 }, /msg\.toolCall is missing or incomplete/],
      [undefined, /msg\.toolCall is missing or incomplete/],
    ];
    for (const [forged, error] of BAD) {
      flow.send("answer", { payload: "rainy", toolCall: forged } as Msg);
      assert.match((await flow.nextError()).message, error);
    }
    assert.equal(frames.items.filter(({ toolResponse }) => toolResponse).length, 1);
  });

  it("invalid arguments do not reach the flow: the model gets an error", async () => {
    await start(tool("a", "get_weather"));
    call({ id: "call_1", name: "get_weather", args: { town: "Berlin" } });
    assert.match(String((await response()).response.error), /city/);
    assert.equal(flow.all("a called").length, 0);
  });

  it("a call that the model withdraws leaves the second output with the same msg.toolCall", async () => {
    await start(tool("a", "get_weather"));
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    const { toolCall } = await called("a");
    farEnd.sockets[0]!.send(JSON.stringify({ toolCallCancellation: { ids: ["call_1"] } }));
    const cancelled = await flow.at("a cancelled").next();
    assert.deepEqual(
      [cancelled.event, cancelled.payload, cancelled.toolCall],
      ["cancelled", { reason: "cancelled" }, toolCall],
    );
  });

  it("a call without a response in time: the model gets an error, and the second output reports the timeout", async () => {
    await start(tool("a", "get_weather", { timeoutSeconds: 1 }));
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    assert.match(String((await response()).response.error), /did not respond in time/);
    assert.deepEqual((await flow.at("a cancelled").next()).payload, { reason: "timeout" });
  });

  it("a tool that a deploy adds reaches a running conversation without ending it", async () => {
    await start(tool("a", "get_weather"));
    await flow.deploy(flowOf(tool("a", "get_weather"), tool("b", "get_time")));
    await frames.next(({ setup }) => !!setup);
    assert.deepEqual(declared(), [["get_weather"], ["get_weather", "get_time"]]);
    assert.equal((await flow.at("events").next((msg) => msg.event === "resumed")).session, "kitchen");
  });

  it("a deploy that replaces a tool call node by another one with the same declaration: calls go to the new one", async () => {
    await start(tool("a", "get_time"));
    await flow.deploy(flowOf(tool("b", "get_time")));
    call({ id: "call_1", name: "get_time", args: { city: "Berlin" } });
    const { toolCall } = await called("b");
    assert.equal((toolCall as { tool: string }).tool, "b");
    assert.equal(farEnd.requests.length, 1, "the conversation goes on in the same connection");
  });

  it("a deploy that deletes the first of two tools with one name: calls go to the second", async () => {
    await start(tool("a", "get_time"), tool("b", "get_time"));
    await flow.deploy(flowOf(tool("b", "get_time")));
    call({ id: "call_1", name: "get_time", args: { city: "Berlin" } });
    await called("b");
  });

  it("a deploy that changes the timeout of a tool: it is applied to the next call", async () => {
    await start(tool("a", "get_time", { timeoutSeconds: 3600 }));
    await flow.deploy(flowOf(tool("a", "get_time", { timeoutSeconds: 1 })));
    call({ id: "call_1", name: "get_time", args: { city: "Berlin" } });
    const { payload } = await flow.at("a cancelled").next();
    assert.deepEqual(payload, { reason: "timeout" });
    assert.equal(farEnd.requests.length, 1);
  });

  it("declarations above 3 KB: the session warns once, and again when a deploy changes their size", async () => {
    const large = (length: number) => tool("a", "get_weather", { description: "x".repeat(length) });
    await start(large(4_000));
    const warnings = flow.warnings("session");
    await flow.deploy(flowOf(large(4_000), tool("b", "get_time", { disabled: true })));
    assert.equal(warnings.items.length, 1);
    await flow.deploy(flowOf(large(5_000)));
    assert.equal(warnings.items.length, 2);
    for (const warning of warnings.items) assert.match(warning, /have [45]\d{3} bytes.*models may repeat/);
  });

  it("two tools with one name: both warn, and the first one serves", async () => {
    await start(tool("a", "get_weather"), tool("b", "get_weather"));
    assert.deepEqual(declared(), [["get_weather"]]);
    for (const id of ["a", "b"])
      assert.match(await flow.warnings(id).next(), /declare get_weather\. The first one serves/);
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    await called("a");
    assert.equal(flow.all("b called").length, 0);
  });

  const BAD: [what: string, properties: object, error: RegExp][] = [
    ["a name with a space", { functionName: "get weather" }, /function name "get weather" is not valid/],
    ["no description", { description: "" }, /has no description/],
    [
      "parameters that are not JSON",
      { parameters: "{" },
      /parameters of the function "get_weather" are not valid/,
    ],
    ["a timeout of 0", { timeoutSeconds: 0 }, /"Timeout \(s\)" must be a number from 1/],
  ];
  for (const [what, properties, error] of BAD)
    it(`${what}: shows a red badge, and does not declare the tool`, async () => {
      await start(tool("a", "get_weather", properties));
      assert.equal((await flow.badges("a").next()).fill, "red");
      assert.match((await flow.badges("a").items[0])!.text!, error);
      assert.deepEqual(declared(), [[]]);
    });

  it("whenIdle sends a text when neither side speaks, and update changes the instruction", async () => {
    await start(tool("a", "get_weather"));
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    const { toolCall } = await called("a");
    // The turn ends with a call that does not block, and a SILENT response gets no answer (docs/live-api.md 1.5).
    farEnd.sockets[0]!.send(JSON.stringify({ serverContent: { turnComplete: true } }));
    await flow.at("events").next(event("turnComplete"));
    const texts = () => frames.items.filter((frame) => JSON.stringify(frame).includes("laundry")).length;
    flow.send("session", { payload: "the laundry is done", whenIdle: true, session: "kitchen" });
    flow.send("session", { payload: "Speak like a pirate.", action: "update", session: "kitchen" });
    flow.send("session", { payload: 7, action: "update", session: "kitchen" });
    assert.match((await flow.nextError()).message, /"update" needs the new instruction as a string/);
    assert.equal(texts(), 0);
    flow.send("answer", { payload: "sunny", toolCall, scheduling: "SILENT" });
    await response();
    assert.match(JSON.stringify(await frames.next(({ setup }) => !!setup)), /pirate/);
    await frames.next((frame) => JSON.stringify(frame).includes("laundry"));
    assert.equal(texts(), 1);
  });
});
