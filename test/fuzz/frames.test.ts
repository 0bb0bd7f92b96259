// Anything that a server may send: the conversation goes on, or begins anew, and answers the next text. What has the shape of a frame
// or almost that is in test/live/robustness.test.ts.

import assert from "node:assert/strict";
import { once } from "node:events";
import fc from "fast-check";
import { WebSocket } from "ws";
import { opened } from "../clean-up";
import { acceptSetup, startFarEnd } from "../far-end";
import { DEADLINE_MS } from "../inbox";
import { Talk } from "../live/talk";
import { runs, withoutStall } from "./runs";

/** The names that mean something to a conversation, wherever they turn up. */
const NAMES = [
  ...["serverContent", "modelTurn", "parts", "inlineData", "mimeType", "data", "text", "thought", "role"],
  ...["inputTranscription", "outputTranscription", "interrupted", "generationComplete", "turnComplete"],
  ...["toolCall", "functionCalls", "toolCallCancellation", "ids", "id", "name", "args", "goAway", "timeLeft"],
  ...["sessionResumptionUpdate", "newHandle", "resumable", "usageMetadata", "totalTokenCount", "error"],
  ...[
    "voiceActivity",
    "type",
    "setupComplete",
    "interactionStatus",
    "groundingMetadata",
    "__proto__",
    "constructor",
  ],
];
const name = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...NAMES) }, fc.string());

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(true, "50s", "audio/pcm", -1, 1e300, "ACTIVITY_START")),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 4 }).map((fields) => Object.fromEntries(fields)),
  ),
}));
const frame = fc.oneof(
  { weight: 8, arbitrary: value.map((frame) => JSON.stringify(frame) ?? "") },
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

/** Sends a frame, and waits until the client has taken it or has left. */
async function taken(socket: WebSocket, frame: string | Buffer) {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(DEADLINE_MS)]);
  const answers = [once(socket, "pong", { signal }), once(socket, "close", { signal })];
  socket.send(frame);
  socket.ping();
  await Promise.race(answers).finally(() => over.abort());
}

it("a conversation answers after anything that the server has sent, and no frame stalls it", async () => {
  let socket: WebSocket | undefined;
  const farEnd = await opened(
    startFarEnd(
      acceptSetup(
        (_frame, reply) => {
          reply({ serverContent: { interrupted: true, turnComplete: true } });
          reply({ serverContent: { outputTranscription: { text: "still here" }, turnComplete: true } });
        },
        () => {
          socket = farEnd.sockets.at(-1);
        },
      ),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 20 }), async (frames) => {
      const talk = new Talk(farEnd.url);
      await talk.say("hello");
      for (const frame of frames) {
        if (socket?.readyState !== WebSocket.OPEN) break; // It has announced its end.
        await withoutStall(
          () => `the frame ${frame}`,
          () => taken(socket!, frame),
        );
      }
      await talk.say("Are you there?");
      await talk.next("text", ({ text, final }) => final && text.includes("still here"));
      talk.conversation.close();
      assert.equal(talk.clock.waiting, 0, "timers are left");
      assert.equal(({} as { polluted?: true }).polluted, undefined);
    }),
    runs(150),
  );
}).timeout(10 * 60_000);
