import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { InputQueue } from "../../../live/input/queue";
import { accept, answer, begin, cut, Exchange, type Line } from "../exchange";
import { settings } from "../talk";

const picture = (n: number) => ({ kind: "image", data: Buffer.from([n]), mimeType: "image/jpeg" }) as const;
const sound = (ms: number) => ({ kind: "sound", pcm: Buffer.alloc(ms * 32), sampleRate: 16_000 }) as const;

describe("what waits for a connection", () => {
  it("is one picture, the newest; texts are still taken after a hundred pictures", async () => {
    let open: Line | undefined;
    const exchange = await Exchange.start({
      setup: (line) => {
        open = line;
      },
    });
    const pictures = Array.from({ length: 100 }, (_, n) => exchange.talk.send(picture(n)));
    const text = exchange.talk.say("hello", false);
    await exchange.seen("1 setup new");
    accept(open!);
    await Promise.all([...pictures, text]);
    await exchange.settled();
    assert.equal(exchange.lines(/picture/).length, 1);
    const [frame] = (exchange.farEnd.frames as { realtimeInput?: { video: { data: string } } }[]).filter(
      ({ realtimeInput }) => realtimeInput,
    );
    assert.equal(frame?.realtimeInput?.video.data, Buffer.from([99]).toString("base64"));
  });

  it("is rejected when the flow stops it, texts for an idle moment included", async () => {
    let open: Line | undefined;
    const exchange = await Exchange.start({
      setup: (line) => {
        open = line;
      },
      text: answer,
    });
    const stopped = [
      exchange.talk.say("hello"),
      exchange.talk.send({ kind: "text", text: "news", turnComplete: true, whenIdle: true }),
    ].map((sent) => assert.rejects(sent, /stopped before it was sent/));
    const context = exchange.talk.say("The door is open.", false);
    await exchange.seen("1 setup new");
    exchange.talk.conversation.interrupt();
    accept(open!);
    await Promise.all([...stopped, context]);
    await exchange.settled();
    assert.deepEqual(exchange.lines(/text|context/), ["1 context user: The door is open."]);
  });

  it("does not include a question that the flow stopped: it is not asked again after a loss", async () => {
    const exchange = await Exchange.start({ text: (line) => line.number === 2 && answer(line) });
    await exchange.talk.say("Tell me everything.");
    exchange.talk.conversation.interrupt();
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/\d text/), ["1 text user: Tell me everything."]);
  });

  it("includes a text of whose answer nothing came, and no text whose answer had begun", async () => {
    const exchange = await Exchange.start({ text: (line) => line.number === 1 && begin(line) });
    await exchange.talk.say("first");
    await exchange.talk.next("audio");
    const second = exchange.talk.say("second");
    await second;
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.seen("2 text user: second");
    assert.deepEqual(
      exchange.lines(/2 text/).filter((entry) => /first/.test(entry)),
      [],
    );
  });
});

describe("the queue of what waits", () => {
  const queue = (messages = 2, soundMs = 100) => new InputQueue({ messages, soundMs });
  const done = () => {};

  it("gives everything back in the order in which it came", () => {
    const waiting = queue();
    waiting.add({ kind: "text", text: "a", turnComplete: true }, done);
    waiting.add(sound(20), done);
    waiting.add(picture(1), done);
    waiting.add({ kind: "text", text: "b", turnComplete: true }, done);
    waiting.putBack([
      { kind: "text", text: "x", turnComplete: true, again: true },
      { kind: "text", text: "y", turnComplete: true, again: true },
    ]);
    const order: string[] = [];
    for (let next = waiting.take(); next; next = waiting.take())
      order.push(next.input.kind === "text" ? next.input.text : next.input.kind);
    assert.deepEqual(order, ["x", "y", "a", "sound", "image", "b"]);
    assert.ok(waiting.isEmpty);
  });

  it("drops the oldest sound beyond its limit, and says how much", () => {
    const waiting = queue();
    for (let n = 0; n < 7; n++) waiting.add(sound(20), done);
    assert.equal(waiting.takeLostSoundMs(), 40);
    assert.equal(waiting.takeLostSoundMs(), 0);
    let frames = 0;
    while (waiting.take()) frames += 1;
    assert.equal(frames, 5);
    for (let n = 0; n < 5; n++) waiting.add(sound(20), done);
    assert.equal(waiting.takeLostSoundMs(), 0, "what was taken makes room");
  });

  it("refuses a message beyond its limit, and takes sound and a picture all the same", () => {
    const waiting = queue(1);
    const errors: (Error | undefined)[] = [];
    const note = (error?: Error) => void errors.push(error);
    waiting.add({ kind: "text", text: "a", turnComplete: true }, note);
    waiting.add({ kind: "text", text: "b", turnComplete: true }, note);
    assert.match(String(errors), /1 messages already wait/);
    waiting.add(sound(20), note);
    waiting.add(picture(1), note);
    assert.deepEqual(errors.slice(1), [undefined]);
  });

  it("reports an error to every sender that waits, once", () => {
    const waiting = queue();
    const errors: unknown[] = [];
    const note = (error?: Error) => void errors.push(error);
    waiting.add({ kind: "text", text: "a", turnComplete: true }, note);
    waiting.add(picture(1), note);
    waiting.putBack([{ kind: "text", text: "x", turnComplete: true, again: true }]);
    const error = new Error("over");
    assert.equal(waiting.fail(error), 2);
    assert.deepEqual(errors, [error, error]);
    assert.ok(waiting.isEmpty);
    assert.equal(waiting.fail(error), 0);
  });
});

describe("push to talk", () => {
  const manual = { settings: { ...settings, turnDetection: "manual" as const } };
  const press = (exchange: Exchange) => exchange.talk.send({ kind: "signal", signal: "activityStart" });
  const hear = (exchange: Exchange, ms: number) => {
    for (let at = 0; at < ms; at += 20) exchange.talk.conversation.send(sound(20), () => {});
  };

  it("with a key that the server refuses: one handshake and one error for each press, however long the sound goes on", async () => {
    const exchange = await Exchange.start(
      { setup: ({ socket }) => socket.close(1007, "API key not valid. Please pass a valid API key.") },
      manual,
    );
    for (let presses = 1; presses <= 2; presses++) {
      await press(exchange);
      for (let n = 0; n < 50; n++) {
        hear(exchange, 20);
        exchange.talk.clock.advance(20);
        await exchange.settled();
      }
      await exchange.talk.next("failed");
      assert.equal(exchange.talk.all("failed").length, presses);
      assert.equal(exchange.lines(/setup/).length, presses);
    }
  });

  it("is released by a disconnect: the sound that goes on does not open another conversation", async () => {
    const exchange = await Exchange.start({}, manual);
    await press(exchange);
    hear(exchange, 200);
    await exchange.seen("1 activityStart");
    exchange.talk.conversation.disconnect();
    hear(exchange, 1_000);
    await exchange.settled();
    assert.equal(exchange.talk.conversation.state, "closed");
    assert.equal(exchange.lines(/setup/).length, 1);
  });

  it("does not begin with sound that is older than a second", async () => {
    const exchange = await Exchange.start({}, manual);
    await exchange.talk.say("hello", false);
    hear(exchange, 500);
    await exchange.pass(60_000);
    await press(exchange);
    await exchange.talk.say("pressed", false);
    await exchange.seen("1 context user: pressed");
    assert.deepEqual(exchange.lines(/sound|activity/), []);
  });
});
