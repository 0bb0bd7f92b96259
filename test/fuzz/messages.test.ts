// Any message into any node: it is completed once, with or without an error, and nothing is thrown, rejected or stalled.

import assert from "node:assert/strict";
import fc from "fast-check";
import { opened, replace } from "../clean-up";
import { acceptSetup, startFarEnd } from "../far-end";
import { node } from "../flow-node";
import { connectionTo, Flow, type Msg, session } from "../nodes/flow";
import { runtime } from "../nodes/runtime";
import { Completions } from "./completions";
import { oddMessage } from "./odd-values";
import { runs, withoutStall } from "./runs";

/** Every node with an input, by type, and how many messages it gets. */
const NODES: Record<string, number> = {
  "audio-in": 400,
  "audio-out": 400,
  interrupt: 100,
  "live-session": 400,
  "tool-call": 100,
  "tool-response": 200,
  "live-token": 100,
  "browser-out": 200,
  loudspeaker: 50,
  microphone: 50,
};

describe("any message", function () {
  this.timeout(10 * 60_000); // Each has a deadline of its own.

  for (const [name, count] of Object.entries(NODES))
    it(`into ${name} is completed once, and stalls nothing`, async () => {
      replace(process.env, "PATH", ""); // No sound program may run.
      const farEnd = await opened(
        startFarEnd(
          acceptSetup((_frame, reply) =>
            reply({ serverContent: { generationComplete: true, turnComplete: true } }),
          ),
        ),
      );
      const id = name === "live-session" ? "session" : name;
      const own =
        name === "live-session" ? [] : [node(name, `gemini-${name}`, { connection: "connection" }, [[], []])];
      const flow = await Flow.start([
        connectionTo(farEnd, { idleTimeoutMinutes: 0, maxConversations: 10_000 }),
        ...session(),
        ...own,
      ]);
      const completions = new Completions();
      const sent: Msg[] = [];
      await fc.assert(
        fc.asyncProperty(oddMessage, async (properties) => {
          await withoutStall(
            () => `the message into ${name}`,
            async () => {
              const msg = { ...properties } as Msg;
              sent.push(msg);
              flow.send(id, msg);
              // A text that waits for an idle moment is completed when that comes, or at the end.
              if (properties.whenIdle !== true) assert.ok(await completions.until(msg), "never completed");
            },
          );
          // The helper notes every call of a node, and each note takes longer than the one before.
          const { send, error } = runtime.getNode(id);
          for (const calls of [send, error]) calls.resetHistory?.();
        }),
        runs(count),
      );
      await flow.stop();
      for (const msg of sent) assert.equal(completions.of(msg), 1, JSON.stringify(Object.keys(msg)));
      assert.equal(({} as { polluted?: true }).polluted, undefined);
    });
});
