// What a live session does with messages while its conversations leave this Node-RED.

import assert from "node:assert/strict";
import type { ConversationPool } from "../../../live/conversation-pool";
import type { FlowMessage } from "../../../nodes/flow/messages";
import { Leaving } from "../../../nodes/leaving/leaving";
import { Departure } from "../../../nodes/live-session/departure";

const SOUND = { payload: Buffer.alloc(640) };
/** They begin a conversation. */
const BEGINNINGS: Record<string, Partial<FlowMessage>> = {
  "a text": { payload: "hello" },
  sound: SOUND,
  connect: { action: "connect" },
  reset: { action: "reset" },
  "own settings": { action: "connect", payload: { voice: "Puck" } },
  "a press of push to talk": { action: "activityStart" },
};
/** They end something. */
const ENDS: Record<string, Partial<FlowMessage>> = {
  disconnect: { action: "disconnect" },
  interrupt: { action: "interrupt" },
  "the end of push to talk": { action: "activityEnd" },
  "the end of sound": { action: "audioStreamEnd" },
  "a client that has disconnected": { status: { event: "disconnect", _session: { id: "hall" } } },
};
const REFUSED = { code: "GEMINI_LEAVING", message: /takes no new conversations.*to another instance/ };

describe("a live session that leaves", () => {
  let departure: Departure;
  let told: unknown[];

  beforeEach(() => {
    told = [];
    const conversations = {
      find: (key: string) => (key === "kitchen" ? { isOpen: true } : undefined),
      leaveAll: () => {},
    } as unknown as ConversationPool;
    departure = new Departure(new Leaving(new Map()), conversations, assert.fail, ({ session }) =>
      told.push(session),
    );
  });

  /** Whether a message is ignored in a conversation that is not open, or in the open one. */
  const inHall = (msg: Partial<FlowMessage>) => departure.ignores({ session: "hall", ...msg } as FlowMessage);
  const inKitchen = (msg: Partial<FlowMessage>) =>
    departure.ignores({ session: "kitchen", ...msg } as FlowMessage);

  it("takes everything before it begins to leave", () => {
    for (const msg of [...Object.values(BEGINNINGS), ...Object.values(ENDS)])
      assert.equal(inHall(msg), false);
  });

  for (const [what, msg] of Object.entries(BEGINNINGS))
    it(`refuses a new conversation, and its device is told once: ${what}`, () => {
      departure.begin();
      assert.throws(() => inHall(msg), REFUSED);
      assert.throws(() => inHall({ payload: "are you there" }), REFUSED);
      assert.deepEqual(told, ["hall"]);
    });

  for (const [what, msg] of Object.entries(ENDS))
    it(`ignores what ends nothing here: ${what}`, () => {
      departure.begin();
      assert.equal(inHall(msg), true);
      assert.deepEqual(told, []);
    });

  it("drops the sound of a device that was refused, or whose conversation has left", () => {
    departure.begin();
    assert.throws(() => inHall(SOUND), REFUSED);
    assert.equal(inHall(SOUND), true);
    departure.tell("attic");
    assert.equal(departure.ignores({ session: "attic", ...SOUND } as FlowMessage), true);
    assert.deepEqual(told, ["hall"]);
  });

  it("lets an open conversation go on to its idle moment, and begins no other one in its place", () => {
    departure.begin();
    for (const msg of [{ payload: "hello" }, SOUND, { action: "interrupt" }, { action: "disconnect" }])
      assert.equal(inKitchen(msg), false);
    for (const name of ["reset", "own settings"]) assert.throws(() => inKitchen(BEGINNINGS[name]!), REFUSED);
  });
});
