// Requests for ephemeral tokens, and the requests that the endpoint refuses.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { IssuedTokens } from "../../../simulator/http/issued-tokens";
import { Variation } from "../../../simulator/protocol/variation";
import { MODEL, noiseSource } from "../client";
import { MINUTE, withTokens } from "./token-client";

const HOUR = 60 * MINUTE;
const name = /^auth_tokens\/[\da-f]{64}$/;

it("issues a token on v1beta and v1alpha; the response has only its name", async () => {
  const { post, simulator } = await withTokens({ key: "right" });
  const names = [];
  for (const [path, headers] of [
    ["/v1beta/auth_tokens?key=right", {}],
    ["/v1alpha/auth_tokens", { "x-goog-api-key": "right" }],
    ["//v1beta//auth_tokens", { "x-goog-api-key": "right", origin: "http://localhost" }],
  ] as const) {
    const response = await post("{}", path, { headers });
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get("content-type"), "application/json; charset=UTF-8");
    // A page must not be able to request a token.
    assert.deepEqual(
      [...response.headers.keys()].filter((header) => header.startsWith("access-control")),
      [],
    );
    const body = await response.text();
    const answer = JSON.parse(body) as { name: string };
    assert.equal(body, `{\n  "name": "${answer.name}"\n}\n`);
    assert.match(answer.name, name);
    names.push(answer.name);
  }
  assert.equal(new Set(names).size, 3);
  assert.deepEqual(
    simulator.tokens.map(({ name }) => name),
    names,
  );
});

it("defaults to one use, 60 s to start and a lifetime of 30 min", async () => {
  const { order, simulator, clock } = await withTokens();
  const nothing = { expireTime: null, uses: null, bidiGenerateContentSetup: null, fieldMask: null };
  for (const body of [undefined, {}, nothing]) assert.equal((await order(body)).status, 200);
  assert.equal(simulator.tokens.length, 3);
  for (const token of simulator.tokens) {
    assert.equal(token.uses, 1);
    assert.equal(token.used, 0);
    assert.equal(token.startBefore, clock.date() + MINUTE);
    assert.equal(token.expiresAt, clock.date() + 30 * MINUTE);
    assert.equal(token.setup, undefined);
    assert.equal(token.fieldMask, undefined);
  }
});

it("accepts requests in camelCase and snake_case, with times in any time zone", async () => {
  const { order, simulator } = await withTokens();
  const fieldMask = "model,generation_config.topK,generationConfig.responseSchema.items.items.type";
  for (const body of [
    {
      expireTime: "2026-11-23T05:30:00Z",
      newSessionExpireTime: "2026-11-22T10:30:00.5+01:00",
      uses: "0",
      bidiGenerateContentSetup: { model: MODEL, generationConfig: { topK: 3 } },
      fieldMask,
    },
    {
      expire_time: "2026-11-23T05:30:00.000000000Z",
      new_session_expire_time: "2026-11-22T09:30:00.500Z",
      uses: 0,
      bidi_generate_content_setup: { model: MODEL, generation_config: { top_k: 3 } },
      field_mask: fieldMask,
    },
  ]) {
    assert.equal((await order(body)).status, 200);
    const { name: _, ...token } = { ...simulator.tokens.at(-1)! };
    assert.deepEqual(token, {
      uses: 0,
      used: 0,
      expiresAt: Date.UTC(2026, 10, 23, 5, 30),
      startBefore: Date.UTC(2026, 10, 22, 9, 30, 0, 500),
      setup: { model: MODEL, generationConfig: { topK: 3 } },
      fieldMask,
    });
  }
});

it("refuses a request without an API key, with a wrong one, or with a token instead", async () => {
  const path = "/v1beta/auth_tokens";
  for (const options of [{ key: "right" }, {}]) {
    const { order, simulator } = await withTokens(options);
    const token = await order({}, `${path}?key=right`);
    const none = await order({}, path);
    assert.equal(none.status, 403);
    assert.deepEqual(none.error, {
      code: 403,
      message:
        "Method doesn't allow unregistered callers (callers without established identity). " +
        "Please use API Key or other form of API consumer identity to call this API.",
      status: "PERMISSION_DENIED",
    });
    for (const key of [token.name!, ...("key" in options ? ["wrong"] : [])])
      for (const wrong of [
        await order({}, `${path}?key=${key}`),
        await order({}, path, { headers: { "x-goog-api-key": key } }),
      ])
        assert.deepEqual(wrong, {
          status: 400,
          error: {
            code: 400,
            message: "API key not valid. Please pass a valid API key.",
            status: "INVALID_ARGUMENT",
          },
        });
    assert.equal(simulator.tokens.length, 1);
  }
});

it("tokens cannot be listed, read or deleted, and v1 has no tokens", async () => {
  const { order, mint, simulator } = await withTokens();
  const token = await mint();
  for (const [method, path] of [
    ["GET", "/v1beta/auth_tokens"],
    ["PUT", "/v1beta/auth_tokens"],
    ["OPTIONS", "/v1beta/auth_tokens"],
    ["GET", `/v1beta/${token}`],
    ["DELETE", `/v1beta/${token}`],
    ["POST", "/v1/auth_tokens"],
    ["POST", "/auth_tokens"],
    ["POST", "/v1beta/auth_tokens/"],
  ] as const)
    assert.deepEqual(
      await order(undefined, `${path}?key=any`, { method }),
      {
        status: 404,
        error: { code: 404, message: "Requested entity was not found.", status: "NOT_FOUND" },
      },
      `${method} ${path}`,
    );
  assert.equal(simulator.tokens.length, 1);
});

const unknown = (name: string, path = "") =>
  `Invalid JSON payload received. Unknown name "${name}" at 'auth_token${path}': Cannot find field.`;
const notATime = (field: string, value: string) =>
  `Invalid value at 'auth_token.${field}' (type.googleapis.com/google.protobuf.Timestamp), ${value}`;
const setup = (bidiGenerateContentSetup: object) => ({ bidiGenerateContentSetup });
const mask = "field_mask is invalid for BidiGenerateContentSetup";
const enumPath = ".bidi_generate_content_setup.realtime_input_config.activity_handling";

const refused: [what: string, body: string | object, message: string][] = [
  ["no JSON", "{uses", "Invalid JSON payload received. Unexpected token."],
  ["no object", "[]", "Invalid JSON payload received. Root element must be a message."],
  ["the SDK's constraints", { liveConnectConstraints: { model: MODEL } }, unknown("liveConnectConstraints")],
  ["the SDK's locks", { lockAdditionalFields: [] }, unknown("lockAdditionalFields")],
  ["a wrapped setup", setup({ setup: { model: MODEL } }), unknown("setup", ".bidi_generate_content_setup")],
  ["an unknown field", setup({ voice: "Kore" }), unknown("voice", ".bidi_generate_content_setup")],
  [
    "an unknown value",
    setup({ realtimeInputConfig: { activityHandling: "POLITE" } }),
    `Invalid value at 'auth_token${enumPath}' (type.googleapis.com/google.ai.generativelanguage.v1beta.ActivityHandling), "POLITE"`,
  ],
  ["a time in words", { expireTime: "soon" }, notATime("expire_time", '"soon"')],
  [
    "a time without a zone",
    { expireTime: "2026-11-22T10:00:00" },
    notATime("expire_time", '"2026-11-22T10:00:00"'),
  ],
  [
    "an hour that is none",
    { expireTime: "2026-11-22T25:00:00Z" },
    notATime("expire_time", '"2026-11-22T25:00:00Z"'),
  ],
  ["a time in numbers", { newSessionExpireTime: 1e12 }, notATime("new_session_expire_time", "1000000000000")],
  ["an end in the past", { expireTime: "2026-11-22T09:29:59.999Z" }, "expire_time must be in the future."],
  ["an end long ago", { expireTime: "1970-01-01T00:00:00Z" }, "expire_time must be in the future."],
  [
    "a beginning in the past",
    { newSessionExpireTime: "2026-11-22T09:29:59Z" },
    "new_session_expire_time must be in the future.",
  ],
  [
    "an end in more than 20 hours",
    { expireTime: "2026-11-23T05:30:00.001Z" },
    "expire_time is too far in the future. Maximum lifetime is 20h",
  ],
  [
    "a beginning in more than 20 hours",
    { newSessionExpireTime: "2026-11-23T05:30:01Z" },
    "new_session_expire_time is too far in the future. Maximum lifetime is 20h",
  ],
  ["fewer uses than none", { uses: -1 }, "Request contains an invalid argument."],
  ["half a use", { uses: 1.5 }, "Invalid value at 'auth_token.uses' (TYPE_INT32), 1.5"],
  [
    "more uses than there are",
    { uses: 2 ** 31 },
    "Invalid value at 'auth_token.uses' (TYPE_INT32), 2147483648",
  ],
  [
    "a mask that is a list",
    { fieldMask: ["model"] },
    `Invalid value at 'auth_token.field_mask' (TYPE_STRING), ["model"]`,
  ],
  ["a mask without its message", { fieldMask: "temperature" }, mask],
  ["the mask that SDK 2 writes for tools", { fieldMask: "model,tools.0" }, mask],
  ["a mask into a list", { fieldMask: "tools.functionDeclarations" }, mask],
  ["a mask into a map", { fieldMask: "labels.a" }, mask],
  ["a mask below a number", { fieldMask: "generationConfig.topK.x" }, mask],
  ["a mask of what all objects have", { fieldMask: "constructor" }, mask],
];

it("refuses an invalid request in the server's words", async () => {
  const { post, simulator } = await withTokens();
  for (const [what, body, message] of refused) {
    const response = await post(typeof body === "string" ? body : JSON.stringify(body));
    assert.equal(response.status, 400, what);
    assert.deepEqual(
      await response.json(),
      { error: { code: 400, message, status: "INVALID_ARGUMENT" } },
      what,
    );
  }
  assert.equal(simulator.tokens.length, 0);
});

it("refuses a malformed request before it checks the API key", async () => {
  const { order } = await withTokens({ key: "right" });
  const { error } = await order({ lockAdditionalFields: [] }, "/v1beta/auth_tokens");
  assert.equal(error!.message, unknown("lockAdditionalFields"));
});

it("a token's lifetime is at most 20 hours", async () => {
  const { order, time } = await withTokens();
  const times = { expireTime: time(20 * HOUR), newSessionExpireTime: time(20 * HOUR) };
  assert.equal((await order(times)).status, 200);
});

it("accepts a request of up to 1 MiB", async () => {
  const { post } = await withTokens();
  const long = (bytes: number) => `{}${" ".repeat(bytes - 2)}`;
  assert.equal((await post(long(2 ** 20))).status, 200);
  const response = await post(long(2 ** 20 + 1));
  assert.equal(response.status, 413);
  const { error } = (await response.json()) as { error: { message: string } };
  assert.equal(error.message, "Request payload size exceeds the limit: 1048576 bytes.");
});

const nested = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);
const schema = nested('{"items":', "}").replace(":}", ":{}}");
const deep = `{"bidiGenerateContentSetup":{"generationConfig":{"responseSchema":${schema}}}}`;

it("refuses every random request body, and keeps running", async () => {
  const { post, mint } = await withTokens();
  const noise = noiseSource(9);
  const bytes = Buffer.from(Array.from({ length: 300 }, () => Math.abs(noise()) * 255));
  for (const body of [bytes, "\u0000", "null", "5", '"x"', nested("[", "]")])
    assert.equal((await post(body)).status, 400);
  assert.equal((await post(deep)).status, 500);
  assert.equal((await post('{"__proto__":{"uses":5},"constructor":1}')).status, 400);
  assert.match(await mint(), name);
});

it("survives a client that disconnects during its request", async () => {
  const { mint, simulator } = await withTokens();
  const half = request(`${simulator.url}/v1beta/auth_tokens?key=any`, {
    method: "POST",
    headers: { "content-length": 100 },
  }).on("error", () => {});
  half.write('{"uses":');
  const [socket] = await once(half, "socket");
  if (socket.connecting) await once(socket, "connect");
  const closed = new Promise((resolve) => half.once("close", resolve));
  half.destroy();
  await closed;
  assert.match(await mint(), name);
  assert.equal(simulator.tokens.length, 1);
});

it("keeps 500 tokens; drops expired ones first, then the oldest", () => {
  const tokens = new IssuedTokens(new Variation(1, true));
  const first = tokens.make({}, 0);
  const short = tokens.make({ expireTime: 1000 }, 0);
  for (let n = 2; n < 500; n++) tokens.make({}, 0);
  assert.equal(tokens.find(first.name, 999), first);
  tokens.make({}, 1000);
  assert.equal(tokens.all.length, 500);
  assert.ok(!tokens.all.includes(short));
  assert.ok(tokens.all.includes(first));
  tokens.make({}, 1000);
  assert.equal(tokens.all.length, 500);
  assert.ok(!tokens.all.includes(first));
});
