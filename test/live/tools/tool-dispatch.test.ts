import assert from "node:assert/strict";
import type { ServedTool } from "../../../live/tools/tool-dispatch";
import { type Simulator, startSimulator } from "../../../simulator/server";
import { TestClock } from "../../clock";
import { type FarEnd, startFarEnd } from "../../far-end";
import { Inbox } from "../../inbox";
import { silence } from "../../speech";
import { continuity, settings, Talk } from "../talk";

interface Response {
  id: string;
  name: string;
  response: Record<string, unknown>;
  scheduling?: string;
  willContinue?: boolean;
}
interface Frame {
  setup?: {
    tools?: { functionDeclarations?: { name: string; behavior?: string }[]; googleSearch?: object }[];
  };
  clientContent?: object;
  toolResponse?: { functionResponses: Response[] };
  realtimeInput?: { audio?: object };
}

const tool = (name: string, more: Partial<ServedTool> = {}, behavior?: string): ServedTool => ({
  declaration: { name, description: name, ...(behavior && { behavior }) } as ServedTool["declaration"],
  server: `the ${name} node`,
  timeoutMs: 30_000,
  check: () => undefined,
  ...more,
});

describe("the tools of a conversation", () => {
  let farEnd: FarEnd;
  let talk: Talk;
  let frames: Inbox<Frame>;
  let tools: ServedTool[];
  const start = async (options: ConstructorParameters<typeof Talk>[1] = {}) => {
    frames = new Inbox();
    farEnd = await startFarEnd((frame: Frame, reply) => {
      frames.push(frame);
      if (frame.setup) {
        reply({ setupComplete: {} });
        reply({ sessionResumptionUpdate: { newHandle: `handle ${farEnd.sockets.length}`, resumable: true } });
      }
    });
    talk = new Talk(farEnd.url, { tools: () => tools, ...options });
    await talk.say("hello", false);
  };
  afterEach(async () => {
    talk.conversation.close();
    await farEnd.close();
    assert.equal(talk.clock.waiting, 0, "a timer was left");
  });
  const send = (frame: object) => farEnd.sockets.at(-1)!.send(JSON.stringify(frame));
  const call = (...calls: { id: string; name: string; args?: object }[]) =>
    send({ toolCall: { functionCalls: calls } });
  const response = async () => {
    const { toolResponse } = await talk.clock.during(frames.next(({ toolResponse }) => !!toolResponse));
    return toolResponse!.functionResponses[0]!;
  };
  const answer = (id: string, output: unknown, more: object = {}) =>
    talk.clock.during(
      new Promise<Error | undefined>((done) =>
        talk.conversation.answer(id, { response: { output }, ...more }, done),
      ),
    );
  const setups = () => frames.items.flatMap(({ setup }) => (setup ? [setup] : []));

  it("are declared in the setup, and the web search beside them", async () => {
    tools = [tool("get_weather"), tool("switch_light", {}, "BLOCKING")];
    await start({ settings: { ...settings, googleSearch: true } });
    assert.deepEqual(setups()[0]!.tools, [
      {
        functionDeclarations: [
          { name: "get_weather", description: "get_weather" },
          { name: "switch_light", description: "switch_light", behavior: "BLOCKING" },
        ],
      },
      { googleSearch: {} },
    ]);
  });

  it("are called with their arguments, each call by its own, and answered in any order", async () => {
    tools = [tool("get_weather"), tool("get_time")];
    await start();
    call({ id: "1", name: "get_weather", args: { city: "Berlin" } }, { id: "2", name: "get_time" });
    const first = (await talk.next("toolCall")).call;
    const second = (await talk.next("toolCall")).call;
    assert.deepEqual(
      [first, second].map(({ id, name, args, server }) => [id, name, args, server]),
      [
        ["1", "get_weather", { city: "Berlin" }, "the get_weather node"],
        ["2", "get_time", {}, "the get_time node"],
      ],
    );
    assert.equal(await answer("2", "noon"), undefined);
    assert.deepEqual(await response(), { id: "2", name: "get_time", response: { output: "noon" } });
    assert.equal(await answer("1", "sunny", { scheduling: "SILENT" }), undefined);
    assert.equal((await response()).scheduling, "SILENT");
  });

  it("take no second, late or unknown answer: an error to the flow, nothing to the server", async () => {
    tools = [tool("get_weather")];
    await start();
    call({ id: "1", name: "get_weather" });
    await talk.next("toolCall");
    assert.equal(await answer("1", "sunny"), undefined);
    await response();
    for (const id of ["1", "7"]) assert.match(String(await answer(id, "rainy")), /wants no response/);
    await talk.say("over", false);
    assert.equal(frames.items.filter(({ toolResponse }) => toolResponse).length, 1);
  });

  it("may answer in several parts when they say that more is to come", async () => {
    tools = [tool("get_weather")];
    await start();
    call({ id: "1", name: "get_weather" });
    await talk.next("toolCall");
    await answer("1", "looking", { willContinue: true });
    assert.equal((await response()).willContinue, true);
    assert.equal(await answer("1", "sunny"), undefined);
    assert.match(String(await answer("1", "rainy")), /wants no response/);
  });

  it("never see arguments that do not fit: the model is told, and can correct itself", async () => {
    tools = [tool("get_weather", { check: () => "city must be a string" })];
    await start();
    call({ id: "1", name: "get_weather", args: { city: 7 } }, { id: "2", name: "unknown" });
    assert.deepEqual((await response()).response, { error: "city must be a string" });
    assert.deepEqual((await response()).response, { error: "There is no tool named unknown." });
    assert.equal(talk.all("toolCall").length, 0);
  });

  it("that do not answer in time are told to the model and to the flow, so that nobody waits for ever", async () => {
    tools = [tool("get_weather", { timeoutMs: 5_000 })];
    await start();
    call({ id: "1", name: "get_weather" });
    await talk.next("toolCall");
    talk.clock.advance(5_000);
    talk.conversation.watch();
    assert.equal((await talk.next("toolCancelled")).reason, "timeout");
    assert.match(String((await response()).response.error), /did not respond in time/);
    assert.match(String(await answer("1", "late")), /wants no response/);
  });

  it("are told when the model withdraws a call", async () => {
    tools = [tool("get_weather")];
    await start();
    call({ id: "1", name: "get_weather" });
    await talk.next("toolCall");
    send({ toolCallCancellation: { ids: ["1", "unknown"] } });
    assert.equal((await talk.next("toolCancelled")).call.id, "1");
    assert.match(String(await answer("1", "late")), /wants no response/);
  });

  it("keep their calls over a resume, and an answer that was given meanwhile is sent once", async () => {
    tools = [tool("get_weather")];
    await start();
    call({ id: "1", name: "get_weather" });
    await talk.next("toolCall");
    farEnd.sockets[0]!.terminate();
    await talk.next("state", ({ state }) => state === "connecting");
    assert.equal(await answer("1", "sunny"), undefined);
    assert.deepEqual((await response()).response, { output: "sunny" });
    assert.equal(farEnd.sockets.length, 2);
    assert.equal(talk.all("toolCancelled").length, 0);
  });

  it("lose their calls with the conversation: the flow is told, and a waiting answer gets an error", async () => {
    tools = [tool("get_weather")];
    await start({ continuity: { ...continuity, onConnectionLoss: "restart" } });
    call({ id: "1", name: "get_weather" }, { id: "2", name: "get_weather" });
    await talk.next("toolCall");
    farEnd.sockets[0]!.terminate();
    await talk.next("state", ({ state }) => state === "connecting");
    assert.match(String(await answer("1", "sunny")), /conversation that called the tool has ended/);
    assert.deepEqual(
      talk.all("toolCancelled").map(({ call: { id }, reason }) => [id, reason]),
      [["2", "lost"]],
    );
  });

  it("hold sound back while a model that would end over it waits for them, but not for ever", async () => {
    tools = [tool("get_weather")];
    await start({ settings: { ...settings, model: "gemini-3.1-flash-live-preview" } }).catch(() => {});
    talk.conversation.connect();
    await talk.next("state", ({ state }) => state === "connected");
    call({ id: "1", name: "get_weather" });
    await talk.next("toolCall");
    talk.speak(silence(100));
    talk.clock.advance(9_000);
    await answer("1", "sunny");
    await response();
    assert.equal(frames.items.filter(({ realtimeInput }) => realtimeInput?.audio).length, 0);
    await talk.clock.during(frames.next(({ realtimeInput }) => !!realtimeInput?.audio));
  });

  it("that have changed reach a running conversation at its next quiet moment, without ending it", async () => {
    tools = [tool("get_weather")];
    await start();
    call({ id: "1", name: "get_weather" });
    await talk.next("toolCall");
    tools = [tool("get_weather"), tool("get_time")];
    talk.conversation.updateTools();
    assert.equal(talk.conversation.state, "connected");
    await answer("1", "sunny");
    send({ serverContent: { turnComplete: true } });
    assert.equal((await talk.next("resumed")).remembered, true);
    assert.equal(setups()[1]!.tools![0]!.functionDeclarations!.length, 2);
  });

  it("that have changed while the conversation was being opened reach it, too", async () => {
    tools = [];
    await start();
    talk.conversation.disconnect();
    talk.conversation.connect();
    await talk.clock.during(frames.next(({ setup }) => !!setup));
    tools = [tool("get_time")];
    talk.conversation.updateTools();
    await talk.next("resumed");
    assert.equal(setups().at(-1)!.tools![0]!.functionDeclarations![0]!.name, "get_time");
  });

  it("a text for an idle moment waits until nobody speaks", async () => {
    tools = [];
    await start();
    await talk.say("a question");
    const said = talk.send({ kind: "text", text: "the laundry is done", turnComplete: true, whenIdle: true });
    send({ serverContent: { outputTranscription: { text: "An answer" } } });
    await talk.next("text");
    assert.equal(frames.items.filter(({ clientContent }) => clientContent).length, 2);
    send({ serverContent: { turnComplete: true } });
    await said;
    assert.equal(talk.all("turnComplete").length, 1);
  });

  it("another instruction is taken up at the next quiet moment, by a resume", async () => {
    tools = [];
    await start();
    talk.conversation.instruct("Speak like a pirate.", () => {});
    await talk.next("resumed");
    assert.match(JSON.stringify(setups()[1]), /pirate/);
  });
});

describe("the tools of a conversation with the simulator", () => {
  const clock = new TestClock();
  let simulator: Simulator;
  let talk: Talk;
  afterEach(async () => {
    talk.conversation.close();
    await simulator.close();
    assert.equal(clock.waiting, 0, "a timer was left");
  });
  const start = async (behavior?: string) => {
    simulator = await startSimulator({ clock });
    const tools = ["get_weather", "get_time"].map((name) => tool(name, {}, behavior));
    talk = new Talk(simulator.url, { tools: () => tools }, clock);
  };
  const answer = (id: string, output: string) =>
    talk.clock.during(
      new Promise<void>((resolve, reject) =>
        talk.conversation.answer(id, { response: { output } }, (error) =>
          error ? reject(error) : resolve(),
        ),
      ),
    );
  const said = (what: RegExp) =>
    talk.next("text", ({ final, role, text }) => final && role === "model" && what.test(text));

  for (const behavior of ["BLOCKING", "NON_BLOCKING"])
    it(`are called several at once and answered each on its own, ${behavior}`, async () => {
      await start(behavior);
      await talk.say('call get_weather with {"city":"Berlin"} and get_time');
      const weather = (await talk.next("toolCall")).call;
      const time = (await talk.next("toolCall")).call;
      assert.deepEqual([weather.args, time.args], [{ city: "Berlin" }, {}]);
      await answer(time.id, "noon");
      await answer(weather.id, "sunny");
      await said(/sunny/);
      assert.match(
        talk
          .all("text")
          .map(({ text }) => text)
          .join(" "),
        /noon/,
      );
      assert.deepEqual(
        simulator.conversations[0]!.calls.map(({ state }) => state),
        ["answered", "answered"],
      );
    });

  it("survive the loss of the connection: the answer is given on the next one, and once", async () => {
    await start();
    await talk.say("call get_time");
    const { id } = (await talk.next("toolCall")).call;
    await talk.next("turnComplete");
    simulator.order({ at: "now", do: "cut" });
    await talk.next("state", ({ state }) => state === "connecting");
    await answer(id, "noon");
    await said(/noon/);
    assert.equal(simulator.conversations[0]!.calls[0]!.responses.length, 1);
  });

  it("are withdrawn by the server, and the flow is told", async () => {
    await start();
    await talk.say("call get_time");
    const { id } = (await talk.next("toolCall")).call;
    simulator.order({ at: "now", do: "cancel" });
    assert.deepEqual([(await talk.next("toolCancelled")).call.id], [id]);
    await assert.rejects(answer(id, "late"), /wants no response/);
  });

  it("that are not there are answered in words", async () => {
    await start();
    await talk.say("call open_door");
    await said(/no tool named open_door/);
  });
});
