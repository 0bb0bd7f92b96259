// Starting and stopping the simulator: addresses, API keys, and requests that it refuses.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection } from "node:net";
import { startSimulator } from "../../simulator/server";
import { converse, MODEL, noiseSource, PATH, simulate } from "./client";

const setup = { setup: { model: MODEL } };

it("accepts any API key, and sends setupComplete 260 ms after the setup", async () => {
  const { clock, at } = await simulate({ lifetimeMs: Number.POSITIVE_INFINITY });
  const client = await at(`${PATH}?key=any`).opened();
  client.send(setup);
  await client.run(400);
  assert.deepEqual(client.frames[0], { at: 260, kind: "setupComplete", frame: { setupComplete: {} } });
  assert.equal(clock.waiting, 0);
});

it("sends binary frames of indented JSON that end with a line feed", async () => {
  const { at } = await simulate();
  const client = await at(`${PATH}?key=any`).opened();
  client.send(setup);
  await client.run(260);
  assert.equal(client.raw[0]!.isBinary, true);
  assert.equal(client.raw[0]!.data.toString(), '{\n  "setupComplete": {}\n}\n');
});

it("accepts text and binary frames, with camelCase and snake_case names", async () => {
  const { simulator, clock, at } = await simulate();
  const client = await at(`${PATH}?key=any`).opened();
  client.socket.send(
    Buffer.from(JSON.stringify({ setup: { model: MODEL, output_audio_transcription: {}, tools: null } })),
  );
  client.send({ realtime_input: { text: "hello" } });
  await client.settled();
  clock.advance(2000);
  await client.settled();
  assert.match(client.said, /Echo: hello$/);
  assert.deepEqual(simulator.conversations[0]!.setup, { model: MODEL, outputAudioTranscription: {} });
});

it("serves v1beta and v1alpha, also under the SDK's double slash", async () => {
  const { clock, at } = await simulate();
  for (const path of [PATH, `/${PATH}`, PATH.replace("v1beta", "v1alpha")]) {
    const client = await at(`${path}?key=any`).opened();
    client.send(setup);
    await client.settled();
    clock.advance(260);
    await client.settled();
    assert.deepEqual(client.kinds, ["setupComplete"], path);
  }
});

it("answers the handshake of other versions and methods with 404", async () => {
  const { at } = await simulate();
  const old = PATH.replace("v1beta", "v1");
  const paths = [old, `${old}Constrained`, PATH.replace("Content", "Music"), "/v1beta/auth_tokens", "/"];
  for (const path of paths) {
    const [, response] = await once(
      at(`${path}?key=any`).socket.on("error", () => {}),
      "unexpected-response",
    );
    assert.equal(response.statusCode, 404, path);
    response.resume();
  }
});

it("answers other HTTP requests with Google's 404", async () => {
  const { simulator } = await simulate();
  for (const method of ["GET", "POST"]) {
    const response = await fetch(`${simulator.url}/v1beta/models`, { method });
    assert.equal(response.status, 404);
    const { error } = (await response.json()) as { error: object };
    assert.deepEqual(error, { code: 404, message: "Requested entity was not found.", status: "NOT_FOUND" });
  }
});

it("reads the API key from the query or a header, and closes the open socket if it is missing or wrong", async () => {
  const { clock, at } = await simulate({ key: "right" });
  for (const client of [at(`${PATH}?key=right`), at(PATH, { "x-goog-api-key": "right" })]) {
    await client.opened();
    client.send(setup);
    await client.settled();
    clock.advance(260);
    await client.settled();
    assert.deepEqual(client.kinds, ["setupComplete"]);
  }
  const none = await at(PATH).opened();
  const { code, reason } = await none.closed;
  assert.equal(code, 1008);
  assert.ok(
    reason.startsWith("Method doesn't allow unregistered callers (callers without established identity)."),
  );
  assert.equal(Buffer.byteLength(reason), 123);
  for (const client of [at(`${PATH}?key=wrong`), at(PATH, { "x-goog-api-key": "wrong" })]) {
    await client.opened();
    assert.deepEqual(await client.closed, {
      code: 1007,
      reason: "API key not valid. Please pass a valid API key.",
    });
  }
});

it("close() ends open conversations, all timers and the server", async () => {
  const { simulator, clock, client } = await converse();
  client.send({ realtimeInput: { text: "hello" } });
  await client.run(450);
  assert.ok(clock.waiting > 0);
  await simulator.close();
  assert.equal((await client.closed).code, 1006);
  assert.equal(clock.waiting, 0);
  assert.equal(simulator.conversations[0]!.open, false);
  const again = await startSimulator({ port: simulator.port });
  await again.close();
});

it("stops the answer when its client disconnects", async () => {
  const { simulator, clock, client } = await converse();
  client.send({ realtimeInput: { text: "hello" } });
  await client.run(450);
  const gone = client.closed;
  client.socket.terminate();
  await gone;
  const other = await new Promise<number>((resolve) => {
    const wait = () => (simulator.conversations[0]!.open ? setImmediate(wait) : resolve(clock.waiting));
    wait();
  });
  assert.equal(other, 0);
});

it("startSimulator rejects if the port is in use", async () => {
  const { simulator } = await simulate();
  await assert.rejects(startSimulator({ port: simulator.port }), { code: "EADDRINUSE" });
});

const nested = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);
const items = nested('{"items":', "}").replace(":}", ":{}}");
const deep = `{"setup":{"model":"${MODEL}","tools":[{"functionDeclarations":[{"parameters":${items}}]}]}}`;

it("closes with 1011 on an internal error", async () => {
  const { at } = await simulate();
  const client = await at(`${PATH}?key=any`).opened();
  client.send(deep);
  assert.deepEqual(await client.closed, { code: 1011, reason: "Internal error encountered." });
});

it("random frames close their own connection at most", async () => {
  const { clock, at } = await simulate();
  const noise = noiseSource(7);
  const pick = <T>(items: readonly T[]) => items[Math.floor(Math.abs(noise()) * items.length)]!;
  const names =
    "setup realtimeInput clientContent toolResponse contextUpdate turns parts text audio data mimeType video " +
    "tools model __proto__ constructor activityEnd role";
  const values = [0, -1, 1e99, "", "x", "AAAA", true, null, "audio/pcm;rate=16000", "image/png", MODEL];
  const random = (depth: number): unknown => {
    const kind = Math.abs(noise());
    if (depth === 0 || kind < 0.3) return pick(values);
    if (kind < 0.4) return [random(depth - 1), random(depth - 1)];
    return Object.fromEntries([0, 1].map(() => [pick(names.split(" ")), random(depth - 1)]));
  };
  const garbage = ["", "{", "null", "[]", "5", '"x"', "\u0000", nested("[", "]"), deep, '{"__proto__":{}}'];
  const bytes = Buffer.from(Array.from({ length: 300 }, () => Math.abs(noise()) * 255));
  for (let n = 0; n < 300; n++) {
    const client = await at(`${PATH}?key=any`).opened();
    if (n % 2) client.send(setup);
    client.socket.send(n % 10 === 0 ? bytes : n < 40 ? garbage[n % 10]! : JSON.stringify(random(5)));
    client.send({ realtimeInput: { text: pick(["a", ""]) } });
    await client.settled();
    clock.advance(3000);
    await client.settled();
    client.socket.terminate();
    await client.closed;
  }
  const client = await at(`${PATH}?key=any`).opened();
  client.send(setup);
  await client.settled();
  clock.advance(260);
  await client.settled();
  assert.deepEqual(client.kinds, ["setupComplete"]);
});

it("invalid WebSocket frames and aborted handshakes leave other connections open", async () => {
  const { simulator, client } = await converse();
  for (const text of [
    "GET * HTTP/1.1\r\n\r\n",
    `GET ${PATH} HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nHost: x\r\n\r\n`,
    "\u0000\u0001",
  ]) {
    const socket = createConnection(simulator.port, "127.0.0.1");
    socket
      .on("error", () => {})
      .resume()
      .end(text);
    await once(socket, "close");
  }
  client.send({ realtimeInput: { text: "still here" } });
  await client.run(450);
  assert.ok(client.at("audio"));
});
