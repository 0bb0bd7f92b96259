import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanUp } from "../clean-up";
import { startFarEnd } from "../far-end";
import { Inbox } from "../inbox";
import { listenAsEditor, flowNode as node, post, startNodeRed } from "../node-red";

interface Setup {
  sessionResumption?: { handle?: string };
}

it("a conversation is resumed after a restart of Node-RED when its live session keeps conversations", async () => {
  const setups = new Inbox<Setup>();
  const texts = new Inbox<object>();
  const farEnd = await startFarEnd((frame, reply) => {
    if (!frame.setup) return texts.push(frame);
    setups.push(frame.setup);
    reply({ setupComplete: {} });
    reply({ sessionResumptionUpdate: { newHandle: "the handle", resumable: true } });
  });
  cleanUp(() => farEnd.close());
  const home = mkdtempSync(join(tmpdir(), "restart-"));
  cleanUp(() => rmSync(home, { recursive: true }));

  const before = await startNodeRed({ GEMINI_API_KEY: "a-key" }, home);
  cleanUp(() => before.stop());
  const flow = [
    { id: "tab", type: "tab", label: "restart" },
    { id: "config", type: "gemini-live-config", server: "custom", url: farEnd.url },
    node("session", "gemini-live-session", { connection: "config", keepConversations: true }, [
      [],
      [],
      [],
      [],
    ]),
    node("say", "inject", { payload: "hello", payloadType: "str", props: [{ p: "payload" }] }, [["session"]]),
  ];
  await post(before, "/flows", flow);
  const news = await listenAsEditor(before.url);
  await news.badges.next(({ node }) => node === "session");
  news.close();
  await post(before, "/inject/say");
  assert.deepEqual((await setups.next()).sessionResumption, {});
  await texts.next();
  await before.stop();

  const after = await startNodeRed({ GEMINI_API_KEY: "a-key" }, home);
  cleanUp(() => after.stop());
  await post(after, "/inject/say");
  assert.deepEqual((await setups.next()).sessionResumption, { handle: "the handle" });
});
