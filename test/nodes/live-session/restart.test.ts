// A restart of Node-RED, in a process of its own.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanUp, opened } from "../../clean-up";
import { acceptResumable, startFarEnd } from "../../far-end";
import { node } from "../../flow-node";
import { Inbox } from "../../inbox";
import { listenAsEditor, post, startNodeRed } from "../../node-red";

interface Setup {
  generationConfig: { speechConfig?: object };
  sessionResumption?: { handle?: string };
}

it("a conversation is resumed after a restart of Node-RED, with its own settings, when its live session keeps conversations", async () => {
  const setups = new Inbox<Setup>();
  const texts = new Inbox<object>();
  const accept = acceptResumable(texts.push);
  const farEnd = await opened(
    startFarEnd((frame, ...rest) => {
      if (frame.setup) setups.push(frame.setup as Setup);
      accept(frame, ...rest);
    }),
  );
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
    node(
      "configure",
      "inject",
      {
        props: [
          { p: "action", v: "connect", vt: "str" },
          { p: "payload", v: '{"voice": "Puck"}', vt: "json" },
        ],
      },
      [["session"]],
    ),
    node("say", "inject", { payload: "hello", payloadType: "str", props: [{ p: "payload" }] }, [["session"]]),
  ];
  await post(before, "/flows", flow);
  const news = await listenAsEditor(before.url);
  await news.badges.next(({ node }) => node === "session");
  news.close();
  await post(before, "/inject/configure");
  const { sessionResumption, generationConfig } = await setups.next();
  assert.deepEqual(sessionResumption, {});
  assert.match(JSON.stringify(generationConfig), /Puck/);
  await post(before, "/inject/say");
  await texts.next();
  await before.stop();

  const after = await startNodeRed({ GEMINI_API_KEY: "a-key" }, home);
  cleanUp(() => after.stop());
  await post(after, "/inject/say");
  const resumed = await setups.next();
  assert.deepEqual(resumed.sessionResumption, { handle: "handle 1" });
  assert.deepEqual(resumed.generationConfig.speechConfig, generationConfig.speechConfig);
});
