// The files of the examples: complete, and without keys.

import assert from "node:assert/strict";
import { dialogs, examples, read } from "./dialogs";

const { name: packageName } = JSON.parse(read("package.json"));
/** The packages of other nodes that an example may use, by its name. */
const NEEDED: Record<string, string[]> = {
  "talk on a dashboard": ["@flowfuse/node-red-dashboard"],
  "usage on a dashboard": ["@flowfuse/node-red-dashboard"],
};

for (const { name, flow } of examples)
  describe(`the example ${name}`, () => {
    it("has a comment that explains it, and names every other package that it needs", () => {
      const comments = flow.filter(({ type }) => type === "comment");
      assert.ok(comments.length);
      const named = flow.flatMap((node) => Object.keys((node as { modules?: object }).modules ?? {}));
      const needed = NEEDED[name] ?? [];
      assert.deepEqual(
        named.filter((other) => other !== packageName),
        needed,
      );
      for (const other of needed) assert.ok(JSON.stringify(comments).includes(other), other);
      if (!needed.length) assert.ok(!flow.some(({ type }) => type.startsWith("ui-")));
    });

    it("has only wires to existing nodes, and unique ids", () => {
      const ids = flow.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      for (const id of flow.flatMap(({ wires = [] }) => wires.flat())) assert.ok(ids.includes(id), id);
    });

    it("sets all settings of the nodes of this package, and no unknown ones", () => {
      for (const { defaults, type } of dialogs)
        for (const { id, type: _, z, x, y, wires, ...settings } of flow.filter(
          (node) => node.type === type,
        ) as {
          [property: string]: unknown;
        }[])
          assert.deepEqual(Object.keys(settings).sort(), [...defaults].sort(), String(id));
    });

    it("names its connection, so that imported examples can be told apart", () => {
      for (const node of flow.filter(({ type }) => type === "gemini-live-config"))
        assert.ok(!["", "Simulator"].includes((node as { name?: string }).name ?? ""));
    });

    it("needs no key and contains none", () => {
      // That of the cluster is the simulator, too, without environment variables.
      const server = name === "cluster" ? /^\$\{SERVER\}$/ : /^simulator$/;
      for (const node of flow.filter(({ type }) => type === "gemini-live-config"))
        assert.match((node as { server?: string }).server ?? "", server);
      assert.doesNotMatch(JSON.stringify(flow), /AIza|"credentials"/);
    });
  });

describe("the example cluster in containers", () => {
  it("starts the flow of the example, which the image would not take from settings.js", () => {
    const [, flowFile] = /flowFile: "(.*)"/.exec(read("examples/cluster/settings.js"))!;
    const dockerfile = read("examples/cluster/Dockerfile");
    assert.match(dockerfile, new RegExp(`^ENV FLOWS=${flowFile}$`, "m"));
    assert.match(dockerfile, new RegExp(`^COPY .*${flowFile}.* /data/$`, "m"));
  });
});
