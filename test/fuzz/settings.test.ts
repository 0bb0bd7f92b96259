// Any settings of any node: it is there, does not end the process, and completes a message.

import assert from "node:assert/strict";
import fc from "fast-check";
import { TABLES } from "../../nodes/settings/catalog";
import type { Setting } from "../../nodes/settings/table";
import { opened, replace } from "../clean-up";
import { acceptSetup, startFarEnd } from "../far-end";
import { node, tab } from "../flow-node";
import { connectionTo, Flow, type Msg } from "../nodes/flow";
import { deployFlow, runtime } from "../nodes/runtime";
import { Completions } from "./completions";
import { runs } from "./runs";

/** Node-RED itself cannot read a flow with objects that are no texts (parseConfig). */
const anyJson = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => !/"(toString|valueOf)"/.test(JSON.stringify(value)));

/** What a flow file may hold for a setting: mostly a value that fits or almost does, else any JSON. */
function valuesOf(setting: Setting): fc.Arbitrary<unknown> {
  const texts = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom("", "{}", "{", "a, b\nc", "__proto__"),
  );
  const fitting =
    setting.kind === "number"
      ? fc.oneof(fc.double({ noNaN: true, min: setting.min, max: setting.max }), fc.integer(), texts)
      : setting.kind === "choice" || setting.kind === "type"
        ? fc.constantFrom<string>(...setting.choices)
        : setting.kind === "flag"
          ? fc.boolean()
          : texts;
  return fc.oneof({ weight: 8, arbitrary: fitting }, { weight: 1, arbitrary: anyJson });
}

/** Properties that decide where a node connects: no test may reach another machine. */
const FIXED = ["connection", "server", "url", "proxy", "tls"];

const propertiesOf = (settings: Record<string, Setting>) =>
  fc.record(
    Object.fromEntries(
      Object.entries(settings)
        .filter(([name]) => !FIXED.includes(name))
        .map(([name, setting]) => [name, valuesOf(setting)]),
    ),
    { requiredKeys: [] },
  );
const anySettings = fc.record(
  Object.fromEntries(Object.entries(TABLES).map(([name, { settings }]) => [name, propertiesOf(settings)])),
);

/** A message for which a node opens no connection. */
const MESSAGE = {
  payload: Buffer.alloc(640),
  action: "usage",
  toolCall: { id: "call_1", node: "none", session: "a" },
};
/** Nodes without an input. */
const WITHOUT_INPUT = ["live-config", "browser-in"];

it("nodes with any settings are there, and complete each message once", async () => {
  replace(process.env, "PATH", ""); // No sound program may run.
  const farEnd = await opened(startFarEnd(acceptSetup()));
  const nodesWith = (properties: Record<string, object>) => [
    connectionTo(farEnd, properties["live-config"]),
    ...Object.entries(properties)
      .filter(([name]) => name !== "live-config")
      .map(([name, own]) =>
        node(name, `gemini-${name}`, { ...own, connection: "connection" }, [[], [], [], []]),
      ),
  ];
  const flow = await Flow.start([connectionTo(farEnd)]);
  const completions = new Completions();
  await fc.assert(
    fc.asyncProperty(anySettings, async (properties) => {
      await deployFlow([tab(), ...nodesWith(properties)], "full");
      for (const name of Object.keys(properties)) {
        if (name === "live-config") continue;
        assert.ok(runtime.getNode(name), `${name} is not there`);
        if (WITHOUT_INPUT.includes(name)) continue;
        const msg: Msg = { ...MESSAGE };
        flow.send(name, msg);
        assert.ok(await completions.until(msg), `${name} has not completed its message`);
        assert.equal(completions.of(msg), 1, name);
      }
    }),
    runs(60),
  );
}).timeout(10 * 60_000);
