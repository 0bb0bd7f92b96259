import assert from "node:assert/strict";
import {
  disabled,
  type FlowNode,
  instance,
  junction,
  linkIn,
  linkOut,
  linkReturn,
  node,
  on,
  pass,
  session,
  subflow,
  Toys,
  tab,
  tool,
} from "./toys";

/** How a setting names a variable of its node's environment. */
const env = (name: string) => `\${${name}}`;

let toys: Toys;

const start = async (...nodes: FlowNode[]) => {
  toys = await Toys.start(...nodes);
};

/** Checks which tools a session has found, and that a message of its finds the same way. */
const leadsTo = async (names: string[], session?: string) => {
  assert.deepEqual(toys.names(session), names);
  const found = toys.found(session).map(({ node }) => node);
  assert.deepEqual(await toys.reached(session), found.sort());
};

describe("a live session has the tools that its tools output is wired to", () => {
  it("has them in the order of the wires, however they are ordered in the file", async () => {
    await start(
      tool("late"),
      session(["first", "late", "last"]),
      tool("last"),
      tool("first"),
      tool("unwired"),
    );
    await leadsTo(["get_first", "get_late", "get_last"]);
    assert.deepEqual(
      toys.found().map(({ node }) => node),
      ["first", "late", "last"],
    );
  });

  it("has none when nothing is wired to it", async () => {
    await start(session([]), tool("unwired"));
    await leadsTo([]);
  });

  it("has none of what is wired to its other outputs", async () => {
    await start(session(["weather"]), tool("elsewhere"), tool("weather"));
    await leadsTo(["get_weather"]);
  });

  it("has each tool once, however many wires lead to it", async () => {
    await start(
      session(["weather", "left", "right", "weather"]),
      junction("left", ["weather"]),
      junction("right", ["weather"]),
      tool("weather"),
    );
    await leadsTo(["get_weather"]);
  });

  it("finds an end in loops, also in one that leads back to itself", async () => {
    await start(
      session(["a"]),
      pass("a", ["b", "session"]),
      pass("b", ["b", "a", "weather"]),
      tool("weather", {}, ["session"]),
    );
    await leadsTo(["get_weather"]);
  });

  it("has the nearest first", async () => {
    await start(
      session(["1", "near"]),
      pass("1", ["2", "middle"]),
      pass("2", ["far"]),
      ...["far", "middle", "near"].map((id) => tool(id)),
    );
    await leadsTo(["get_near", "get_middle", "get_far"]);
  });

  it("has nothing behind a tool call node, not even behind one whose settings are not valid", async () => {
    await start(
      session(["weather", "broken"]),
      tool("weather", {}, ["behind"]),
      tool("broken", { refused: true }, ["behind"]),
      tool("behind"),
    );
    assert.deepEqual(toys.names(), ["get_weather"]);
  });

  it("has no tools of another live session, and shares what is wired to both", async () => {
    await start(
      session(["shared", "own", "other"]),
      session(["others", "shared"], "other"),
      ...["own", "others", "shared"].map((id) => tool(id)),
    );
    await leadsTo(["get_shared", "get_own"]);
    await leadsTo(["get_others", "get_shared"], "other");
  });

  it("marks the second of two tools with one name, by the order of the wires and not of the file", async () => {
    await start(
      session(["first", "second", "third"]),
      tool("third", { functionName: "same" }),
      tool("second"),
      tool("first", { functionName: "same" }),
    );
    await leadsTo(["same", "get_second", "same!"]);
    assert.equal(toys.found()[0]!.node, "first");
  });

  it("omits a disabled tool, and one that is missing at the end of a wire", async () => {
    await start(session(["gone", "off", "weather"]), disabled(tool("off")), tool("weather"));
    await leadsTo(["get_weather"]);
  });
});

describe("the wires lead to the tools", () => {
  it("through chains of junctions", async () => {
    await start(
      session(["j1"]),
      junction("j1", ["j2", "j3"]),
      junction("j2", ["a"]),
      junction("j3", ["j4"]),
      junction("j4", ["b"]),
      ...["a", "b"].map((id) => tool(id)),
    );
    await leadsTo(["get_a", "get_b"]);
  });

  it("through links on one tab", async () => {
    await start(
      session(["out"]),
      linkOut("out", ["in"]),
      linkIn("in", ["weather"], ["out"]),
      tool("weather"),
    );
    await leadsTo(["get_weather"]);
  });

  it("through links to several other tabs, and on from there", async () => {
    await start(
      tab("tab"),
      tab("tab2"),
      tab("tab3"),
      session(["out"]),
      linkOut("out", ["in2", "in3"]),
      ...on("tab2", linkIn("in2", ["a", "out2"], ["out"]), tool("a"), linkOut("out2", ["in3b"])),
      ...on("tab3", linkIn("in3", ["b"], ["out"]), tool("b"), linkIn("in3b", ["c"], ["out2"]), tool("c")),
    );
    await leadsTo(["get_a", "get_b", "get_c"]);
  });

  it("through a link that only the link in node names", async () => {
    await start(session(["out"]), linkOut("out", []), linkIn("in", ["weather"], ["out"]), tool("weather"));
    await leadsTo(["get_weather"]);
  });

  it("through function, switch and every other node, whatever output", async () => {
    await start(
      session(["function"]),
      node("function", "function", [["a"], ["switch"]], { func: "return [msg, msg];", outputs: 2, libs: [] }),
      node("switch", "switch", [["b"], ["pass"]], {
        property: "payload",
        rules: [{ t: "nnull" }, { t: "nempty" }],
      }),
      pass("pass", [], [], ["c"]),
      ...["a", "b", "c"].map((id) => tool(id)),
    );
    await leadsTo(["get_a", "get_b", "get_c"]);
  });

  it("not through a disabled node, a disabled link or a disabled tab", async () => {
    await start(
      tab("tab"),
      tab("tab2", { disabled: true }),
      session(["off", "out", "out2"]),
      disabled(pass("off", ["a"])),
      tool("a"),
      disabled(linkOut("out", ["in"])),
      linkIn("in", ["b"], ["out"]),
      tool("b"),
      linkOut("out2", ["in2"]),
      ...on("tab2", linkIn("in2", ["c"], ["out2"]), tool("c")),
    );
    await leadsTo([]);
  });
});

describe("the wires lead to the tools through subflows", () => {
  it("into one that has tools inside", async () => {
    await start(
      ...subflow("sub", ["j"], [junction("j", ["a", "b"]), tool("a"), tool("b"), tool("unwired")]),
      session(["i"]),
      instance("i", "sub"),
    );
    await leadsTo(["get_a", "get_b"]);
    assert.deepEqual(
      toys.found().map(({ node }) => node),
      ["i-a", "i-b"],
    );
  });

  it("out of one that has the session inside", async () => {
    await start(
      ...subflow("sub", [], [session(["p", "inside"]), pass("p"), tool("inside")], ["p"], []),
      instance("i", "sub", ["outside"], ["otherOutput"]),
      tool("outside"),
      tool("otherOutput"),
    );
    await leadsTo(["get_inside", "get_outside"], "i-session");
  });

  it("out of one whose output is the session's own, in each instance to its own tools", async () => {
    const inside: FlowNode = session([]);
    const [sub, ...nodes] = subflow("sub", [], [inside], []);
    Object.assign(sub!, { out: [{ x: 0, y: 0, wires: [{ id: "session", port: 2 }] }] });
    await start(
      sub!,
      ...nodes,
      instance("i1", "sub", ["a"]),
      instance("i2", "sub", ["b", "a"]),
      tool("a"),
      tool("b"),
    );
    await leadsTo(["get_a"], "i1-session");
    await leadsTo(["get_b", "get_a"], "i2-session");
  });

  it("through one whose input is its output, nested in another", async () => {
    await start(
      ...subflow("inner", [], [], ["inner"]),
      ...subflow("outer", ["nested"], [instance("nested", "inner", [])], ["nested"]),
      session(["i"]),
      instance("i", "outer", ["weather"]),
      tool("weather"),
    );
    await leadsTo(["get_weather"]);
  });

  it("through one in another, with tools in both", async () => {
    await start(
      ...subflow("inner", ["p"], [pass("p", ["deep"]), tool("deep")], ["p"]),
      ...subflow("outer", ["nested"], [instance("nested", "inner", ["mid"]), tool("mid")], ["nested"]),
      session(["i"]),
      instance("i", "outer", ["weather"]),
      tool("weather"),
    );
    await leadsTo(["get_deep", "get_mid", "get_weather"]);
  });

  it("twice to the same tool in two instances, of which the first serves", async () => {
    await start(
      ...subflow("sub", ["weather"], [tool("weather")]),
      session(["i1", "i2"]),
      instance("i2", "sub"),
      instance("i1", "sub"),
    );
    await leadsTo(["get_weather", "get_weather!"]);
    assert.deepEqual(
      toys.found().map(({ node }) => node),
      ["i1-weather", "i2-weather"],
    );
  });

  it("to differently named tools in two instances, when the name is in the subflow's environment", async () => {
    const [sub, ...nodes] = subflow("sub", ["t"], [tool("t", { functionName: env("NAME") })]);
    const named = (id: string, value: string) => ({
      ...instance(id, "sub"),
      env: [{ name: "NAME", type: "str", value }],
    });
    await start(sub!, ...nodes, session(["i1", "i2"]), named("i1", "lamp"), named("i2", "heating"));
    await leadsTo(["lamp", "heating"]);
  });

  it("through links inside one", async () => {
    await start(
      ...subflow(
        "sub",
        ["out"],
        [linkOut("out", ["in"]), linkIn("in", ["weather"], ["out"]), tool("weather")],
      ),
      session(["i1", "i2"]),
      instance("i1", "sub"),
      instance("i2", "sub"),
    );
    assert.deepEqual(
      toys.found().map(({ node }) => node),
      ["i1-weather", "i2-weather"],
    );
  });

  it("not through a disabled one, nor from a link out inside to a link in outside, as no message passes there", async () => {
    await start(
      ...subflow("sub", ["out", "inside"], [linkOut("out", ["in"]), tool("inside")]),
      session(["i", "off"]),
      instance("i", "sub"),
      disabled(instance("off", "sub")),
      linkIn("in", ["outside"], ["out"]),
      tool("outside"),
    );
    await leadsTo(["get_inside"]);
  });
});

describe("a link call is not followed to its target; the nodes behind it are found", () => {
  const call = (id: string, properties: object) =>
    node(id, "link call", [["behind"]], { linkType: "static", links: [], timeout: "30", ...properties });
  const called = [linkIn("in", ["weather"]), tool("weather", {}, ["back"]), linkReturn("back")];

  it("when its target is fixed", async () => {
    await start(session(["call"]), call("call", { links: ["in"] }), ...called, tool("behind"));
    assert.deepEqual(toys.names(), ["get_behind"]);
  });

  it("when the message names its target", async () => {
    await start(session(["call"]), call("call", { linkType: "dynamic" }), ...called, tool("behind"));
    assert.deepEqual(toys.names(), ["get_behind"]);
  });

  it("when it is in a subflow", async () => {
    await start(
      ...subflow("sub", ["call"], [call("call", { links: ["in"] }), ...called, tool("behind")]),
      session(["i"]),
      instance("i", "sub"),
    );
    assert.deepEqual(toys.names(), ["get_behind"]);
  });
});

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
