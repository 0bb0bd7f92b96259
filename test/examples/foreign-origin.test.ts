// Browsers let a page of any site send requests to this machine. npm start serves its own pages only.

import assert from "node:assert/strict";
import { type OutgoingHttpHeaders, request } from "node:http";
import { WebSocket } from "ws";
import { type NodeRed, startNodeRed } from "../node-red";

describe("npm start", () => {
  let nodeRed: NodeRed;
  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(() => nodeRed.stop());
  /** The status that a request gets with these headers, the host among them. */
  const status = (path: string, headers: OutgoingHttpHeaders, method = "GET") =>
    new Promise<number>((resolve, reject) => {
      request(nodeRed.url + path, { method, headers }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode!));
      })
        .on("error", reject)
        .end();
    });
  /** Whether a socket is opened to a page with this origin. */
  const opens = (path: string, options: object) =>
    new Promise<boolean>((resolve) => {
      const socket = new WebSocket(nodeRed.url.replace("http", "ws") + path, options);
      socket.on("open", () => socket.close()).on("error", () => {});
      socket.on("open", () => resolve(true)).on("close", () => resolve(false));
    });

  it("refuses pages of other sites that read or change the flows, the page with its ticket, or its storage", async () => {
    for (const origin of ["http://elsewhere.example", "http://localhost:1", "https://127.0.0.1", "null"]) {
      for (const path of ["/", "/talk", "/flows", "/context/flow/7a1c0e5d2b9f4310"])
        assert.equal(await status(path, { origin }), 403, `${origin} ${path}`);
      for (const method of ["POST", "OPTIONS"]) assert.equal(await status("/flows", { origin }, method), 403);
      for (const path of ["/comms", "/talk/socket"]) assert.equal(await opens(path, { origin }), false, path);
    }
  });

  it("refuses requests under a foreign host name that resolves to this machine (DNS rebinding)", async () => {
    const host = "elsewhere.example:1880";
    for (const headers of [
      { host },
      { host, origin: `http://${host}` },
      { host, "x-forwarded-host": host },
    ]) {
      assert.equal(await status("/flows", headers), 403);
      assert.equal(await opens("/comms", { headers }), false);
    }
  });

  it("serves its own pages, also under another name or through a proxy that forwards the name", async () => {
    const { host, port } = new URL(nodeRed.url);
    for (const headers of [
      {},
      { origin: `http://${host}` },
      { host: `localhost:${port}`, origin: `http://localhost:${port}` },
      { host: `[::1]:${port}` },
      { origin: "https://home.example", "x-forwarded-host": "home.example" },
    ]) {
      assert.equal(await status("/flows", headers), 200, JSON.stringify(headers));
      // The socket of a page is for pages.
      for (const path of ["/comms", ...("origin" in headers ? ["/talk/socket"] : [])])
        assert.equal(await opens(path, { headers }), true);
    }
  });
});
