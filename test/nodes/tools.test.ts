import assert from "node:assert/strict";
import { type FarEnd, startFarEnd } from "../far-end";
import { Inbox } from "../inbox";
import { connectionTo, Flow, type Msg, node, session } from "./flow";

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

describe("tools are branches of the flow", () => {
  let farEnd: FarEnd;
  let flow: Flow;
  let frames: Inbox<Frame>;
  afterEach(async () => {
    await flow.stop();
    await farEnd.close();
  });
  /** A session whose tools output leads to these tool calls; `answer` is a tool response. */
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
    farEnd = await startFarEnd((frame: Frame, reply) => {
      frames.push(frame);
      if (!frame.setup) return;
      reply({ setupComplete: {} });
      reply({ sessionResumptionUpdate: { newHandle: "a handle", resumable: true } });
    });
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

  it("what is wired to the tools output is what the model can do", async () => {
    await start(tool("a", "get_weather"), tool("b", "get_time"));
    assert.deepEqual(declared(), [["get_weather", "get_time"]]);
  });

  it("a call reaches its own tool alone, with its arguments and all that an answer needs", async () => {
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
    assert.deepEqual([msg.session, msg.topic], ["kitchen", "mine"]);
    assert.equal(flow.all("a called").length, 0);
  });

  it("an answer finds its call by msg.toolCall alone, also when it came back as JSON", async () => {
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
    ["nothing", {}, { output: "Done. There is nothing to tell." }],
    ["an empty string", { payload: "" }, { output: "Done. There is nothing to tell." }],
    ["a Buffer", { payload: Buffer.alloc(7) }, { output: "Done. The result is 7 bytes of data." }],
    ["an error of a Catch node", { payload: "x", error: { message: "no network" } }, { error: "no network" }],
    [
      "a text that is too long",
      { payload: "é".repeat(2_000) },
      /^\{"output":"é{512} … \[cut: 4002 bytes, of which 1024 are here\]"\}$/,
    ],
    [
      "an object that is too large",
      { payload: { list: Array(2_000).fill(1) } },
      /\{\\"list\\":\[1,1,1.*cut: 4010 bytes/,
    ],
  ];
  for (const [what, msg, wanted] of WRAPPED)
    it(`${what} is wrapped as the API wants it`, async () => {
      await start(tool("a", "get_weather"));
      call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
      const { toolCall } = await called("a");
      flow.send("answer", { ...msg, toolCall } as Msg);
      const { response: sent } = await response();
      if (wanted instanceof RegExp) assert.match(JSON.stringify(sent), wanted);
      else assert.deepEqual(sent, wanted);
    });

  it("says when the model speaks about it, and that more is to come", async () => {
    await start(tool("a", "get_weather"));
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    const { toolCall } = await called("a");
    flow.send("answer", { payload: "looking", toolCall, scheduling: "SILENT", willContinue: true });
    const { scheduling, willContinue } = await response();
    assert.deepEqual([scheduling, willContinue], ["SILENT", true]);
    flow.send("answer", { payload: "sunny", toolCall, scheduling: "SOON" });
    assert.match(
      (await flow.nextError()).message,
      /"msg\.scheduling" must be one of INTERRUPT, WHEN_IDLE, SILENT/,
    );
  });

  it("takes no second, late, forged or lost answer: an error to the flow, nothing to the server", async () => {
    await start(tool("a", "get_weather"));
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    const { toolCall } = await called("a");
    flow.send("answer", { payload: "sunny", toolCall });
    await response();
    const words = toolCall as object;
    const BAD: [object | undefined, RegExp][] = [
      [words, /waits for no answer/],
      [{ ...words, id: "call_2" }, /waits for no answer/],
      [{ ...words, session: "cellar" }, /conversation that made the call call_1 is over/],
      [{ ...words, node: "answer" }, /not there any more/],
      [{ ...words, node: "nobody" }, /not there any more/],
      [{ ...words, id: 7 }, /has lost msg\.toolCall/],
      [undefined, /has lost msg\.toolCall/],
    ];
    for (const [forged, error] of BAD) {
      flow.send("answer", { payload: "rainy", toolCall: forged } as Msg);
      assert.match((await flow.nextError()).message, error);
    }
    assert.equal(frames.items.filter(({ toolResponse }) => toolResponse).length, 1);
  });

  it("arguments that do not fit never reach the flow; the model is told", async () => {
    await start(tool("a", "get_weather"));
    call({ id: "call_1", name: "get_weather", args: { town: "Berlin" } });
    assert.match(String((await response()).response.error), /city/);
    assert.equal(flow.all("a called").length, 0);
  });

  it("a withdrawn call comes out of the second output, with the same msg.toolCall", async () => {
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

  it("a call that nobody answers in time does not leave the model mute", async () => {
    await start(tool("a", "get_weather", { timeoutSeconds: 1 }));
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    assert.match(String((await response()).response.error), /did not answer in time/);
    assert.deepEqual((await flow.at("a cancelled").next()).payload, { reason: "timeout" });
  });

  it("a tool that is added by a deploy reaches a running conversation without ending it", async () => {
    await start(tool("a", "get_weather"));
    await flow.deploy(flowOf(tool("a", "get_weather"), tool("b", "get_time")));
    await frames.next(({ setup }) => !!setup);
    assert.deepEqual(declared(), [["get_weather"], ["get_weather", "get_time"]]);
    assert.equal((await flow.at("events").next((msg) => msg.event === "resumed")).session, "kitchen");
  });

  it("two tools of one name: a warning on both, and the first one serves", async () => {
    await start(tool("a", "get_weather"), tool("b", "get_weather"));
    assert.deepEqual(declared(), [["get_weather"]]);
    for (const id of ["a", "b"])
      assert.match(await flow.warnings(id).next(), /named get_weather: the first one serves/);
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    await called("a");
    assert.equal(flow.all("b called").length, 0);
  });

  const BAD: [what: string, properties: object, error: RegExp][] = [
    ["a name with a space", { functionName: "get weather" }, /function name "get weather" cannot be used/],
    ["no description", { description: "" }, /has no description/],
    [
      "parameters that are not JSON",
      { parameters: "{" },
      /parameters of the function "get_weather" cannot be used/,
    ],
    ["a time-out of no time", { timeoutSeconds: 0 }, /"time-out" must be a number from 1/],
  ];
  for (const [what, properties, error] of BAD)
    it(`${what}: the badge is red, and the tool is not declared`, async () => {
      await start(tool("a", "get_weather", properties));
      assert.equal((await flow.badges("a").next()).fill, "red");
      assert.match((await flow.badges("a").items[0])!.text!, error);
      assert.deepEqual(declared(), [[]]);
    });

  it("a text for an idle moment, and another instruction, go in by the words on the wires", async () => {
    await start(tool("a", "get_weather"));
    call({ id: "call_1", name: "get_weather", args: { city: "Berlin" } });
    const { toolCall } = await called("a");
    const texts = () => frames.items.filter((frame) => JSON.stringify(frame).includes("laundry")).length;
    flow.send("session", { payload: "the laundry is done", whenIdle: true, session: "kitchen" });
    flow.send("session", { payload: "Speak like a pirate.", action: "update", session: "kitchen" });
    flow.send("session", { payload: 7, action: "update", session: "kitchen" });
    assert.match((await flow.nextError()).message, /"update" takes the new instruction as a string/);
    assert.equal(texts(), 0);
    flow.send("answer", { payload: "sunny", toolCall, scheduling: "SILENT" });
    await response();
    farEnd.sockets[0]!.send(JSON.stringify({ serverContent: { turnComplete: true } }));
    assert.match(JSON.stringify(await frames.next(({ setup }) => !!setup)), /pirate/);
    await frames.next((frame) => JSON.stringify(frame).includes("laundry"));
    assert.equal(texts(), 1);
  });
});
