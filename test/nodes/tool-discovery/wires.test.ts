// Which tools a session has: those that its wires lead to, and in which order.

import assert from "node:assert/strict";
import { instance, node, on, subflow, tab } from "../../flow-node";
import {
  disabled,
  junction,
  leadsTo,
  linkIn,
  linkOut,
  linkReturn,
  pass,
  session,
  start,
  tool,
  toys,
} from "./toys";

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

  it("ends in loops, also in one that leads back to the session", async () => {
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

  it("omits disabled tools, and wires to missing nodes", async () => {
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
      node("function", "function", { func: "return [msg, msg];", outputs: 2, libs: [] }, [["a"], ["switch"]]),
      node("switch", "switch", { property: "payload", rules: [{ t: "nnull" }, { t: "nempty" }] }, [
        ["b"],
        ["pass"],
      ]),
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

describe("a link call is not followed to its target; the nodes behind it are found", () => {
  const call = (id: string, properties: object) =>
    node(id, "link call", { linkType: "static", links: [], timeout: "30", ...properties }, [["behind"]]);
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
