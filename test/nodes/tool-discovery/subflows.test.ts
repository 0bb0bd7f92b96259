// Tools and sessions inside subflows.

import assert from "node:assert/strict";
import { type FlowNode, instance, subflow } from "../../flow-node";
import { disabled, env, junction, leadsTo, linkIn, linkOut, pass, session, start, tool, toys } from "./toys";

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
