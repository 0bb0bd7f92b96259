// Push to talk without a connection: every activity that the server gets has a start, sound and an end.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { InputQueue } from "../../../live/input/queue";
import type { ServedTool } from "../../../live/tools/tool-dispatch";
import { accept, cut, Exchange, type Line } from "../exchange";
import { settings } from "../talk";

const weather: ServedTool = {
  declaration: { name: "get_weather", description: "Tells the weather." },
  server: "weather",
  timeoutMs: 30_000,
  check: () => undefined,
};
const sound = (ms: number) => ({ kind: "sound", pcm: Buffer.alloc(ms * 32), sampleRate: 16_000 }) as const;
const signal = (name: "activityStart" | "activityEnd") => ({ kind: "signal", signal: name }) as const;
const order = (queue: InputQueue) => {
  const kinds: string[] = [];
  for (let next = queue.take(); next; next = queue.take())
    kinds.push(next.input.kind === "signal" ? next.input.signal : next.input.kind);
  return kinds;
};

describe("activities that wait for a connection", () => {
  it("are dropped when their sound has dropped out, and their senders are done", () => {
    const queue = new InputQueue({ messages: 10, soundMs: 100 });
    let done = 0;
    const count = () => {
      done += 1;
    };
    for (let press = 0; press < 2; press++) {
      queue.add(signal("activityStart"), count);
      for (let n = 0; n < 5; n++) queue.add(sound(20), () => {});
      queue.add(signal("activityEnd"), count);
    }
    assert.deepEqual(order(queue), ["activityStart", ...Array(5).fill("sound"), "activityEnd"]);
    assert.equal(done, 2);
  });

  it("are complete although the message queue is full", () => {
    const queue = new InputQueue({ messages: 1, soundMs: 1_000 });
    queue.add({ kind: "text", text: "hello", turnComplete: true }, () => {});
    queue.add(signal("activityStart"), () => {});
    queue.add(sound(20), () => {});
    queue.add(signal("activityEnd"), () => {});
    assert.deepEqual(order(queue), ["text", "activityStart", "sound", "activityEnd"]);
  });

  it("keep the sound and the texts that came before and within them", () => {
    const queue = new InputQueue({ messages: 10, soundMs: 1_000 });
    const text = { kind: "text", text: "hello", turnComplete: true } as const;
    queue.add(sound(20), () => {});
    queue.add(signal("activityStart"), () => {});
    queue.add(signal("activityEnd"), () => {});
    queue.add(signal("activityStart"), () => {});
    queue.add(text, () => {});
    queue.add(sound(20), () => {});
    queue.add(signal("activityEnd"), () => {});
    assert.deepEqual(order(queue), ["sound", "activityStart", "text", "sound", "activityEnd"]);
  });

  it("are not ended by the end of the one before", () => {
    const queue = new InputQueue({ messages: 10, soundMs: 1_000 });
    queue.add(signal("activityEnd"), () => {});
    queue.add(signal("activityStart"), () => {});
    assert.deepEqual(order(queue), ["activityEnd", "activityStart"]);
  });

  it("do not accumulate when the button is pressed without speech", () => {
    const queue = new InputQueue({ messages: 1, soundMs: 1_000 });
    queue.add(sound(20), () => {});
    for (let press = 0; press < 1_000; press++) {
      queue.add(signal("activityStart"), () => {});
      queue.add(signal("activityEnd"), () => {});
    }
    assert.deepEqual(queue.takeKind("signal"), []);
  });
});

describe("an activity whose connection is lost", () => {
  const manual = { settings: { ...settings, turnDetection: "manual" as const } };

  for (const released of [true, false])
    it(`starts again before the sound that still waits, ${released ? "after" : "before"} the release`, async () => {
      let second: Line | undefined;
      const exchange = await Exchange.start(
        {
          setup: (line) => {
            if (line.number === 1) accept(line);
            else second = line;
          },
        },
        manual,
      );
      const { talk } = exchange;
      await talk.send(signal("activityStart"));
      await talk.send(sound(20));
      await exchange.seen("1 activityStart");
      cut(exchange.line());
      await exchange.seen("2 setup handle 1");
      for (let n = 0; n < 5; n++) talk.conversation.send(sound(20), () => {});
      if (released) talk.conversation.send(signal("activityEnd"), () => {});
      accept(second!);
      if (!released) await talk.send(signal("activityEnd"));
      await exchange.seen("2 activityEnd");
      const seen = exchange.lines(/^2 (activity|sound)/).map((entry) => entry.split(" ")[1]);
      assert.deepEqual([seen[0], seen.at(-1)], ["activityStart", "activityEnd"]);
      assert.equal(seen.filter((entry) => entry === "activityStart").length, 1);
    });

  it("does not start again when nothing more is said", async () => {
    const exchange = await Exchange.start({}, manual);
    const { talk } = exchange;
    await talk.send(signal("activityStart"));
    await talk.send(sound(20));
    await exchange.seen("1 sound 20");
    cut(exchange.line());
    await talk.next("resumed");
    await talk.send(signal("activityEnd"));
    await talk.say("over", false);
    await exchange.seen("2 context user: over");
    assert.deepEqual(exchange.lines(/^2 activity/), []);
  });

  for (const released of [true, false])
    it(`starts again before the sound that a tool call held back, lost ${released ? "after" : "before"} the release`, async () => {
      const exchange = await Exchange.start(
        {},
        {
          settings: { ...manual.settings, model: "gemini-3.1-flash-live-preview" },
          tools: () => [weather],
        },
      );
      const { talk } = exchange;
      await talk.send(signal("activityStart"));
      await talk.send(sound(20));
      await exchange.seen("1 sound 20");
      exchange.reply({ toolCall: { functionCalls: [{ id: "1", name: "get_weather" }] } });
      await talk.next("toolCall");
      for (let n = 0; n < 5; n++) talk.conversation.send(sound(20), () => {});
      if (released) talk.conversation.send(signal("activityEnd"), () => {});
      await exchange.settled();
      cut(exchange.line());
      await talk.next("resumed");
      if (!released) await talk.send(signal("activityEnd"));
      await exchange.seen("2 activityEnd");
      assert.deepEqual(exchange.lines(/^[12] (activity|sound)/), [
        "1 activityStart",
        "1 sound 20",
        "2 activityStart",
        ...Array(5).fill("2 sound 20"),
        "2 activityEnd",
      ]);
    });
});
