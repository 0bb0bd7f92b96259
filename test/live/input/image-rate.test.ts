// At most one image a second, as the server accepts no more (docs/live-api.md 1.7).

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { cut, Exchange } from "../exchange";

const image = (name: string) => ({ kind: "image", data: Buffer.from(name), mimeType: "image/png" }) as const;

describe("images", () => {
  it("are sent at most once a second: the first at once, then the newest", async () => {
    const exchange = await Exchange.start();
    const { talk } = exchange;
    talk.conversation.connect();
    await talk.enters("connected");
    const sent = Promise.all(["one", "two", "three"].map((name) => talk.send(image(name))));
    await exchange.settled();
    assert.deepEqual(exchange.lines(/image/), ["1 image one"]);
    await sent;
    await exchange.seen("1 image three");
    assert.deepEqual(exchange.lines(/image/), ["1 image one", "1 image three"]);
    await exchange.pass(1_000);
    await talk.send(image("four"));
    await exchange.seen("1 image four");
  });

  it("that wait for their second when the connection is lost are sent on the next one", async () => {
    const exchange = await Exchange.start();
    const { talk } = exchange;
    await talk.send(image("one"));
    await exchange.seen("1 image one");
    talk.conversation.send(image("two"), () => {});
    cut(exchange.line());
    await exchange.seen("2 image two");
  });
});
