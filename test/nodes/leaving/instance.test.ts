// When a signal stops an instance of Node-RED that leaves gracefully and has no open conversation.

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { NodeAPI } from "node-red";
import { addPlayer, leaveGracefully } from "../../../nodes/leaving/instance";
import { Leaving } from "../../../nodes/leaving/leaving";
import { cleanUp } from "../../clean-up";
import { deferred } from "../../inbox";

/** Sends SIGTERM. Resolves when those who listen for it are told, as Node-RED is. */
function stop(isPlaying: () => boolean, withinMs: number): Promise<void> {
  const { promise, resolve } = deferred();
  const onSignal = () => resolve();
  process.on("SIGTERM", onSignal);
  cleanUp(() => process.off("SIGTERM", onSignal));
  cleanUp(addPlayer(isPlaying));
  const RED = { events: new EventEmitter() } as unknown as NodeAPI;
  cleanUp(leaveGracefully(RED, new Leaving(new Set()), withinMs));
  process.emit("SIGTERM", "SIGTERM");
  return promise;
}

describe("a signal to stop", () => {
  it("waits for the end of what audio out plays", async () => {
    let looks = 0;
    await stop(() => {
      looks += 1;
      return looks < 5;
    }, 8_000);
    assert.equal(looks, 5);
  });

  it("waits no longer than is set", async () => {
    await stop(() => true, 200);
  });
});
