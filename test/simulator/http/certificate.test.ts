// TLS: wss and https with a certificate that is made at start, or with one's own.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { request } from "node:https";
import { connect } from "node:net";
import { WebSocket } from "ws";
import { selfSignedPair, startSimulator } from "../../../simulator/server";
import { cleanUp } from "../../clean-up";
import { left, MODEL, PATH } from "../client";

const pair = selfSignedPair();

async function start(script: Parameters<typeof startSimulator>[0] = {}) {
  const simulator = await startSimulator({ tls: pair, ...script });
  cleanUp(() => simulator.close());
  return simulator;
}

/** A client that trusts the certificate, after its handshake. */
async function connected(url: string, ca = pair.cert) {
  const socket = new WebSocket(`${url.replace("https", "wss")}${PATH}?key=any`, { ca });
  cleanUp(() => socket.terminate());
  await once(socket, "open");
  return socket;
}

const setUp = async (socket: WebSocket) => {
  socket.send(JSON.stringify({ setup: { model: MODEL } }));
  const [frame] = await once(socket, "message");
  return JSON.parse(frame);
};

it("a self-signed certificate is valid for 127.0.0.1 and localhost, from now on for 30 days", () => {
  const now = Date.UTC(2026, 10, 24, 12);
  const { cert, key } = selfSignedPair(now);
  const read = new X509Certificate(cert);
  assert.ok(read.verify(read.publicKey));
  assert.ok(read.ca);
  assert.equal(read.checkIP("127.0.0.1"), "127.0.0.1");
  assert.equal(read.checkHost("localhost"), "localhost");
  assert.equal(read.checkHost("example.com"), undefined);
  assert.ok(Date.parse(read.validFrom) <= now);
  assert.equal(Date.parse(read.validTo), now + 30 * 24 * 3600_000);
  assert.match(key, /PRIVATE KEY/);
});

it("every certificate has a key and a serial number of its own", () => {
  const other = new X509Certificate(selfSignedPair().cert);
  const one = new X509Certificate(pair.cert);
  assert.notEqual(other.fingerprint256, one.fingerprint256);
  assert.notEqual(other.serialNumber, one.serialNumber);
});

it("with TLS, the simulator serves the Live protocol over wss", async () => {
  const simulator = await start();
  assert.match(simulator.url, /^https:\/\/127\.0\.0\.1:\d+$/);
  const socket = await connected(simulator.url);
  assert.deepEqual(await setUp(socket), { setupComplete: {} });
});

it("with TLS, the token endpoint answers over https, and its tokens open conversations over wss", async () => {
  const { url } = await start({ key: "secret" });
  const headers = { "x-goog-api-key": "secret" };
  const post = request(`${url}/v1beta/auth_tokens`, { method: "POST", ca: pair.cert, headers }).end();
  const [response] = await once(post, "response");
  assert.equal(response.statusCode, 200);
  const [body] = await once(response, "data");
  const { name } = JSON.parse(body);
  const address = `${url.replace("https", "wss")}${PATH}Constrained?access_token=${name}`;
  const socket = new WebSocket(address, { ca: pair.cert });
  cleanUp(() => socket.terminate());
  await once(socket, "open");
  assert.deepEqual(await setUp(socket), { setupComplete: {} });
});

it("a client that does not trust the certificate does not connect, and others continue", async () => {
  const { url } = await start();
  const socket = await connected(url);
  for (const ca of [undefined, selfSignedPair().cert]) {
    const stranger = new WebSocket(`${url.replace("https", "wss")}${PATH}?key=any`, { ca });
    const [error] = await once(stranger, "error");
    assert.match(error.code, /SELF_SIGNED|UNABLE_TO_VERIFY|SIGNATURE/);
  }
  const plain = new WebSocket(`${url.replace("https", "ws")}${PATH}?key=any`);
  await once(plain, "error");
  assert.deepEqual(await setUp(socket), { setupComplete: {} });
});

it("faults cut and freeze connections with TLS, too", async () => {
  const simulator = await start();
  const cut = await connected(simulator.url);
  const gone = once(cut, "close");
  simulator.order({ at: "now", do: "cut" });
  assert.equal((await gone)[0], 1006);
  const frozen = await connected(simulator.url);
  await setUp(frozen);
  simulator.order({ at: "now", do: "freeze" });
  let answered = false;
  frozen.on("pong", () => {
    answered = true;
  });
  frozen.ping();
  const other = await connected(simulator.url);
  await setUp(other);
  assert.equal(answered, false);
  frozen.terminate();
  await left(simulator);
});

it("close() ends connections whose TLS handshake is not over", async () => {
  const simulator = await startSimulator({ tls: pair });
  const socket = connect(simulator.port, "127.0.0.1").on("error", () => {});
  await once(socket, "connect");
  const closed = once(socket, "close");
  // The server has accepted the socket when it has answered a request that came later.
  await connected(simulator.url);
  await simulator.close();
  await closed;
});

it("startSimulator rejects a certificate that does not fit its key", async () => {
  const { cert } = selfSignedPair();
  await assert.rejects(startSimulator({ tls: { cert, key: pair.key } }), /key values mismatch/);
  await assert.rejects(startSimulator({ tls: { cert: "no certificate", key: pair.key } }));
});
