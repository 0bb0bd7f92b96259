// How many sessions a simulator remembers.

import assert from "node:assert/strict";
import type { Holder } from "../../../simulator/session/session";
import { SessionStore } from "../../../simulator/session/session-store";
import { MODEL } from "../client";

it("a simulator remembers at most 500 ended sessions, also after more were open at once", () => {
  const store = new SessionStore(60_000);
  const holder: Holder = { alive: true, leave() {} };
  for (let n = 0; n < 700; n++) store.begin().hold(holder, { model: MODEL });
  assert.equal(store.all.length, 700);
  for (const session of store.all) session.left(0, 0, 0);
  store.begin().hold(holder, { model: MODEL });
  assert.ok(store.all.length <= 501, `${store.all.length}`);
});
