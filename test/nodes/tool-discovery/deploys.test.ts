// Which tools a session has after a deploy.

import assert from "node:assert/strict";
import { type FlowNode, instance, on, subflow, tab } from "../../flow-node";
import {
  disabled,
  env,
  junction,
  leadsTo,
  linkIn,
  linkOut,
  pass,
  session,
  start,
  Toys,
  tool,
  toys,
} from "./toys";

describe("a deploy of modified nodes gives a session that it does not restart its new tools", () => {
  /** Runs a flow, deploys another in its place, and checks that only the nodes of `made` were made anew. */
  const change = async (before: FlowNode[], after: FlowNode[], made: string[]) => {
    await start(...before);
    await toys.deploy("nodes", ...after);
    assert.deepEqual(toys.made, made);
  };
  const weather = tool("weather");
  const time = tool("time");

  it("when a tool is edited", async () => {
    const edited = tool("weather", { functionName: "get_forecast" });
    await change([session(["weather"]), weather], [session(["weather"]), edited], ["weather"]);
    await leadsTo(["get_forecast"]);
  });

  it("when a tool is added and wired", async () => {
    await change([session(["weather"]), weather], [session(["weather", "time"]), weather, time], ["time"]);
    await leadsTo(["get_weather", "get_time"]);
  });

  it("when a tool is deleted, with its wire or without", async () => {
    const both = [session(["weather", "time"]), weather, time];
    await change(both, [session(["weather", "time"]), time], []);
    await leadsTo(["get_time"]);
    await toys.deploy("nodes", session([]));
    await leadsTo([]);
  });

  it("when a tool is disabled and enabled again", async () => {
    const both = [session(["weather", "time"]), weather, time];
    await change(both, [session(["weather", "time"]), disabled(weather), time], []);
    await leadsTo(["get_time"]);
    await toys.deploy("nodes", ...both);
    await leadsTo(["get_weather", "get_time"]);
  });

  it("when wires are swapped", async () => {
    await change(
      [session(["weather", "time"]), weather, time],
      [session(["time", "weather"]), weather, time],
      [],
    );
    await leadsTo(["get_time", "get_weather"]);
  });

  it("when a duplicate loses the one that served", async () => {
    const one = tool("one", { functionName: "same" });
    const two = tool("two", { functionName: "same" });
    await change([session(["one", "two"]), one, two], [session(["two"]), one, two], []);
    await leadsTo(["same"]);
    assert.equal(toys.found()[0]!.node, "two");
  });

  it("when a wire is added behind a junction", async () => {
    const near = [session(["j"]), weather, time];
    await change([...near, junction("j", ["weather"])], [...near, junction("j", ["weather", "time"])], []);
    await leadsTo(["get_weather", "get_time"]);
  });

  it("when a wire is added behind a link in on another tab", async () => {
    const near = [tab("tab"), tab("tab2"), session(["out"]), linkOut("out", ["in"])];
    const far = (...wires: string[]) => on("tab2", linkIn("in", wires, ["out"]), weather, time);
    await change([...near, ...far("weather")], [...near, ...far("weather", "time")], []);
    await leadsTo(["get_weather", "get_time"]);
  });

  it("when a link is added", async () => {
    const near = [session(["out"]), weather, time];
    await change(
      [...near, linkOut("out", ["in1"]), linkIn("in1", ["weather"], ["out"]), linkIn("in2", ["time"])],
      [
        ...near,
        linkOut("out", ["in1", "in2"]),
        linkIn("in1", ["weather"], ["out"]),
        linkIn("in2", ["time"], ["out"]),
      ],
      [],
    );
    await leadsTo(["get_weather", "get_time"]);
  });

  it("when a node on the way is disabled", async () => {
    const near = [session(["p"]), weather];
    await change([...near, pass("p", ["weather"])], [...near, disabled(pass("p", ["weather"]))], []);
    await leadsTo([]);
  });

  it("when the tab of the tools is disabled and enabled again", async () => {
    const flow = (disabled: boolean) => [
      tab("tab"),
      tab("tab2", { disabled }),
      session(["out"]),
      linkOut("out", ["in"]),
      ...on("tab2", linkIn("in", ["weather"], ["out"]), weather),
    ];
    await change(flow(false), flow(true), []);
    await leadsTo([]);
    await toys.deploy("nodes", ...flow(false));
    assert.deepEqual(toys.made, ["weather"]);
    await leadsTo(["get_weather"]);
  });

  it("when the environment of a tool's group is changed", async () => {
    const flow = (value: string) => [
      { id: "g", type: "group", z: "tab", nodes: ["weather"], env: [{ name: "NAME", type: "str", value }] },
      session(["weather"]),
      tool("weather", { functionName: env("NAME"), g: "g" }),
    ];
    await change(flow("get_rain"), flow("get_sun"), ["weather"]);
    await leadsTo(["get_sun"]);
  });

  it("when a tool is added inside a subflow", async () => {
    const flow = (...tools: string[]) => [
      ...subflow(
        "sub",
        tools,
        tools.map((id) => tool(id)),
      ),
      session(["i"]),
      instance("i", "sub"),
    ];
    await change(flow("weather"), flow("weather", "time"), ["i-weather", "i-time"]);
    await leadsTo(["get_weather", "get_time"]);
  });

  it("when the output of nested subflows, of which one has the session inside, is wired elsewhere", async () => {
    const flow = (...wires: string[]) => [
      ...subflow("inner", ["p"], [session(["p"]), pass("p")], ["p"]),
      ...subflow("outer", [], [instance("nested", "inner", [])], ["nested"]),
      instance("i", "outer", wires),
      weather,
      time,
    ];
    await change(flow("weather"), flow("time"), []);
    await leadsTo(["get_time"], "i-nested-session");
  });
});

describe("every other deploy leaves a session with its tools", () => {
  const flow = (functionName: string) => [
    tab("tab"),
    tab("tab2"),
    tab("tab3"),
    session(["out", "time"]),
    tool("time"),
    linkOut("out", ["in"]),
    ...on(
      "tab2",
      linkIn("in", ["weather", "lamp"], ["out"]),
      tool("weather", { functionName }),
      tool("lamp"),
    ),
    ...on("tab3", session(["other"], "far"), tool("other")),
  ];

  it("one of modified flows, which restarts what is near the change", async () => {
    await start(...flow("before"));
    await toys.deploy("flows", ...flow("after"));
    await leadsTo(["get_time", "after", "get_lamp"]);
    await leadsTo(["get_other"], "far");
    assert.ok(toys.made.includes("weather") && toys.made.includes("lamp") && !toys.made.includes("far"));
  });

  it("one of everything, with a change or without", async () => {
    await start(...flow("before"));
    for (const functionName of ["before", "after"]) {
      await toys.deploy("full", ...flow(functionName));
      assert.equal(toys.made.length, 6);
      await leadsTo(["get_time", functionName, "get_lamp"]);
      await leadsTo(["get_other"], "far");
    }
  });

  it("one that moves its tools to another tab", async () => {
    const at = (z: string) => [
      tab("tab"),
      tab("tab2"),
      session(["out"]),
      linkOut("out", ["in"]),
      ...on(z, linkIn("in", ["weather"], ["out"]), tool("weather")),
    ];
    await start(...at("tab"));
    for (const type of ["nodes", "flows", "full"] as const)
      for (const z of ["tab2", "tab"]) {
        await toys.deploy(type, ...at(z));
        assert.deepEqual(toys.names(), ["get_weather"], `${type} to ${z}`);
      }
  });
});

describe("nodes that wait for flows to start", () => {
  it("share one listener of the runtime, however many they are, and leave none behind", async () => {
    const before = Toys.listeners();
    const many = Array.from({ length: 20 }, (_, i) => session(["weather"], `s${i}`));
    await start(...many, tool("weather"));
    const leave = toys.onFlowsStarted(() => {});
    assert.equal(Toys.listeners(), before + 1);
    leave();
    await toys.deploy("full", ...many, tool("weather"));
    assert.equal(Toys.listeners(), before + 1);
    for (const { id } of many) assert.deepEqual(toys.names(id), ["get_weather"]);
    await toys.deploy("nodes", ...many.slice(0, 1), tool("weather"));
    assert.equal(Toys.listeners(), before + 1);
    await toys.deploy("nodes", tool("weather"));
    assert.equal(Toys.listeners(), before);
  });

  it("are notified although one of them fails, and its error is logged", async () => {
    await start(session(["weather"]), tool("weather"));
    const heard: string[] = [];
    const leave = [
      toys.onFlowsStarted(() => {
        throw new Error("one of them fails");
      }),
      toys.onFlowsStarted(() => heard.push("the other")),
    ];
    await toys.deploy("full", session(["weather"]), tool("weather"));
    for (const it of leave) it();
    assert.deepEqual(heard, ["the other"]);
    assert.deepEqual(toys.names(), ["get_weather"]);
    assert.match(toys.errors().join(), /one of them fails/);
  });

  it("are not notified after they have left; the others still are", async () => {
    await start(session(["weather"]), tool("weather"));
    const heard: string[] = [];
    const listener = () => heard.push("heard");
    const [leave, leaveLater] = [toys.onFlowsStarted(listener), toys.onFlowsStarted(listener)];
    leave();
    leave();
    await toys.deploy("full", session(["weather"]), tool("weather"));
    assert.deepEqual(heard, ["heard"]);
    leaveLater();
    await toys.deploy("full", session(["weather"]), tool("weather"));
    assert.deepEqual(heard, ["heard"]);
  });
});
