// What the audit log and the badge of a live token record.

import assert from "node:assert/strict";
import { connectionTo, KEY, session } from "../flow";
import { ask, audits, flow, issue, refusal, startWith, token } from "./token-flow";

describe("the audit log", () => {
  it("records who got a token, for what and until when, but not the token", async () => {
    await startWith({ lifetimeMinutes: 10 });
    const before = Date.now();
    const { token, startBefore, expiresAt } = await issue({ user: "ann" });
    const [{ timestamp, level, ...entry } = {}, ...others] = audits();
    assert.deepEqual(others, []);
    assert.deepEqual(entry, {
      event: "gemini-live-token.issued",
      node: "token",
      caller: "ann",
      session: "session",
      model: "gemini-3.8-live",
      locked: "all",
      uses: 1,
      startBefore,
      expiresAt,
    });
    assert.equal(level, 98);
    assert.ok(Number(timestamp) >= before && Number(timestamp) <= Date.now());
    const { length } = flow.everything().split(token);
    assert.equal(length - 1, 1, "the token is on the message, and nowhere else");
    assert.ok(!flow.everything().includes(KEY), "the key was said");
  });

  it("records what was locked", async () => {
    await startWith({ lock: "some", lockedFields: "tools,voice" });
    await issue();
    assert.deepEqual(audits()[0]!.locked, ["voice", "tools"]);
  });

  it("records who was refused, and why", async () => {
    await startWith({ limit: 1 });
    ask({ user: undefined });
    await refusal();
    await issue({ user: "ann" });
    ask({ user: "ann" });
    await refusal();
    const refused = audits().filter(({ event }) => event === "gemini-live-token.refused");
    assert.deepEqual(
      refused.map(({ node, caller, session }) => [node, caller, session]),
      [
        ["token", null, "session"],
        ["token", "ann", "session"],
      ],
    );
    assert.match(String(refused[0]!.reason), /caller is unknown/);
    assert.match(String(refused[1]!.reason), /Too many requests/);
  });
});

describe("the badge of a live token", () => {
  it("counts tokens and refusals since the deploy, and shows neither token nor caller", async () => {
    const simulator = await startWith({ limit: 2 });
    const badges = flow.badges("token");
    const shown = (text: string) => badges.next((badge) => badge.text === text);
    await issue();
    assert.deepEqual(await shown("1 issued, 0 refused"), {
      fill: "green",
      shape: "dot",
      text: "1 issued, 0 refused",
    });
    await issue();
    ask();
    await shown("2 issued, 1 refused");
    await flow.deploy([connectionTo(simulator), ...session(), ...token({ limit: 3 })]);
    const since = flow.badges("token");
    await issue();
    await since.next(({ text }) => text === "1 issued, 0 refused");
  });
});
