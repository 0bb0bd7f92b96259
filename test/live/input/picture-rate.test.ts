// At most one picture a second, as the server accepts no more (docs/live-api.md 1.7).

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { cut, Exchange } from "../exchange";

const picture = (name: string) =>
  ({ kind: "image", data: Buffer.from(name), mimeType: "image/png" }) as const;

describe("pictures", () => {
  it("are sent at most once a second: the first at once, then the newest", async () => {
    const exchange = await Exchange.start();
    const { talk } = exchange;
    talk.conversation.connect();
    await talk.enters("connected");
    const sent = Promise.all(["one", "two", "three"].map((name) => talk.send(picture(name))));
    await exchange.settled();
    assert.deepEqual(exchange.lines(/picture/), ["1 picture one"]);
    await sent;
    await exchange.seen("1 picture three");
    assert.deepEqual(exchange.lines(/picture/), ["1 picture one", "1 picture three"]);
    await exchange.pass(1_000);
    await talk.send(picture("four"));
    await exchange.seen("1 picture four");
  });

  it("that wait for their second when the connection is lost are sent on the next one", async () => {
    const exchange = await Exchange.start();
    const { talk } = exchange;
    await talk.send(picture("one"));
    await exchange.seen("1 picture one");
    talk.conversation.send(picture("two"), () => {});
    cut(exchange.line());
    await exchange.seen("2 picture two");
  });
});
