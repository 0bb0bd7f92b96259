// Sound that comes to an instance while another one keeps its conversation: with a real Redis.

import assert from "node:assert/strict";
import { opened } from "../../clean-up";
import { acceptSetup, startFarEnd } from "../../far-end";
import { startRedis } from "../../redis-server";
import { describeWithPrograms } from "../../sound-programs";
import { connectionTo, Flow, session } from "../flow";
import { instance } from "./store-instance";

const secret = "a secret of this test";

describeWithPrograms(
  ["redis-server"],
  "sound of a conversation that another instance does not hand over",
  () => {
    it("is refused once, and not with each of its frames", async () => {
      const { url } = await startRedis();
      const farEnd = await opened(startFarEnd(acceptSetup()));
      const other = await instance(url, { secret, onAsked() {} });
      await other.store.claim("kitchen");
      const nodes = [connectionTo(farEnd, { store: url }), ...session({ keepConversations: true })];
      const settings = { credentialSecret: secret };
      const flow = await Flow.start(nodes, undefined, { settings } as never);
      for (let frame = 0; frame < 50; frame++)
        flow.send("session", { session: "kitchen", payload: Buffer.alloc(640) });
      flow.send("session", { session: "kitchen", payload: "hello" });
      for (const payload of [Buffer.alloc(640), "hello"]) {
        const { message, msg } = await flow.nextError();
        assert.match(message, /takes place in another Node-RED/);
        assert.deepEqual(msg.payload, payload);
      }
      assert.equal(flow.caught.items.length, 2);
      assert.equal(farEnd.requests.length, 0);
    });
  },
);
