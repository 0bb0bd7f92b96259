// The tools that the server accepts, and its words for those that it refuses.

import assert from "node:assert/strict";
import { answer, converse, MODEL, PATH, simulate } from "../client";
import { call, declare, invalid, write } from "../tools";

const at = "setup.tools[0].function_declarations[0]";
const wrong = (path: string, why: string) => `* BidiGenerateContentRequest.${at}.${path}: ${why}`;
const unknown = (name: string, path = "") =>
  `Invalid JSON payload received. Unknown name "${name}" at '${at}.parameters${path}': Cannot find field.`;
const parameters = (schema: object) => declare({ name: "f", parameters: schema });
const property = (schema: object) => parameters({ type: "OBJECT", properties: { a: schema } });
const badName = wrong(
  "name",
  "Invalid function name. Must start with a letter or an underscore. Must be alphanumeric",
);

const refused: [what: string, tools: object, reason: string][] = [
  ["a name with a space", declare("get weather"), badName],
  ["a name that begins with a digit", declare("2nd"), badName],
  ["a name of 129 characters", declare("f".repeat(129)), badName],
  ["no name", declare({ description: "nameless" }), badName],
  ["two functions of one name", declare("f", "g", "f"), invalid.reason],
  ["two of one name in two tools", { tools: [...declare("f").tools, ...declare("f").tools] }, invalid.reason],
  ["both kinds of schema", declare({ name: "f", parameters: {}, parametersJsonSchema: {} }), invalid.reason],
  ["const", property({ const: "x" }), unknown("const", ".properties[a]")],
  ["oneOf", parameters({ oneOf: [] }), unknown("oneOf")],
  ["$ref", parameters({ $ref: "#" }), unknown("$ref")],
  ["$schema", parameters({ $schema: "" }), unknown("$schema")],
  ["additionalProperties", parameters({ additionalProperties: false }), unknown("additionalProperties")],
  ["a list of types", property({ type: ["STRING"] }), "Invalid value at"],
  [
    "an enum of numbers",
    property({ type: "INTEGER", enum: ["1"] }),
    wrong("parameters.properties[a].enum", "only allowed for STRING type"),
  ],
  [
    "an enum without a type, deep inside",
    property({ type: "ARRAY", items: { anyOf: [{}, { enum: ["x"] }] } }),
    wrong("parameters.properties[a].items.any_of[1].enum", "only allowed for STRING type"),
  ],
  [
    "an array of nothing known",
    property({ type: "array" }),
    wrong("parameters.properties[a].items", "missing field."),
  ],
  [
    "a required property that is not there",
    parameters({ type: "OBJECT", properties: { a: { type: "STRING" } }, required: ["a", "b"] }),
    wrong("parameters.required[1]", "property is not defined"),
  ],
];

it("refuses invalid tools in the server's words", async () => {
  const { at } = await simulate();
  for (const [what, tools, reason] of refused) {
    const client = await at(`${PATH}?key=any`).opened();
    client.send({ setup: { model: MODEL, ...tools } });
    const closed = await client.closed;
    assert.equal(closed.code, 1007, what);
    assert.ok(closed.reason.startsWith(reason.slice(0, 123)), `${what}: ${closed.reason}`);
  }
});

for (const [what, tools] of [
  ["names with all kinds of characters", declare("_a.b:c-d_9", "A".repeat(128))],
  ["types in small letters, and no properties", parameters({ type: "object", properties: {} })],
  ["an enum of strings", property({ type: "string", enum: ["x"] })],
  ["JSON Schema in its own field", declare({ name: "f", parametersJsonSchema: { oneOf: [{ const: 1 }] } })],
  ["Google Search beside functions", { tools: [...declare("f").tools, { googleSearch: {} }] }],
] as const)
  it(`accepts ${what}`, async () => {
    const { simulator } = await converse(tools);
    assert.equal(simulator.conversations.length, 1);
  });

it("a context update keeps, replaces or clears the tools", async () => {
  const { client } = await converse(declare("f"));
  const update = (contextUpdate: object) => client.send({ contextUpdate });
  update({ systemInstruction: { parts: [{ text: "Be kind." }] } });
  assert.equal((await call(client, "call f")).length, 1);
  update({ tools: declare("g") });
  assert.equal((await call(client, "call g")).length, 1);
  await answer(client, write("call f"));
  assert.match(client.said, /no tool named f/);
  update({ tools: { tools: [] } });
  await answer(client, write("call g"));
  assert.match(client.said, /no tool named g/);
});

it("checks the tools of a context update like those of a setup", async () => {
  const { client } = await converse();
  client.send({ contextUpdate: { tools: declare("2nd") } });
  const { code, reason } = await client.closed;
  assert.equal(code, 1007);
  assert.match(
    reason,
    /^\* BidiGenerateContentRequest\.context_update\.tools\.tools\[0\]\.function_declarations\[0\]\.name/,
  );
});

it("with Google Search, an answer to a text about a search has grounding metadata", async () => {
  const { client } = await converse({ tools: [{ googleSearch: {} }] });
  await answer(client, write("please search for <tea>"));
  const kinds = ["audio", "outputTranscription", "audio", "outputTranscription", "audio"];
  assert.deepEqual(client.kinds.slice(-3), ["groundingMetadata", "generationComplete", "turnComplete"]);
  assert.deepEqual(client.kinds.slice(0, 3), kinds.slice(0, 3));
  const { groundingMetadata } = client.of("groundingMetadata")[0]!.serverContent!;
  assert.deepEqual(groundingMetadata!.webSearchQueries, ["please search for <tea>"]);
  assert.equal(groundingMetadata!.groundingSupports[0]!.segment.text, client.said);
  assert.match(JSON.stringify(groundingMetadata), /&lt;tea&gt;/);
  client.frames = [];
  await answer(client, write("thank you"));
  assert.equal(client.of("groundingMetadata").length, 0);
});

it("without Google Search, an answer has no grounding metadata", async () => {
  const { client } = await converse(declare("f"));
  await answer(client, write("search for tea"));
  assert.equal(client.of("groundingMetadata").length, 0);
});
