// What a connection reads of its shared store.

import assert from "node:assert/strict";
import type { NodeAPI } from "node-red";
import { readStore } from "../../../nodes/live-config/store";
import { liveConfig } from "../../../nodes/settings/live-config";
import { readSettings } from "../../../nodes/settings/table";

const read = (store: string, settings: object) =>
  readStore({ settings } as NodeAPI, { ...readSettings(liveConfig, {}), store }, { storeUser: "talker" });

describe("the shared store of a connection", () => {
  it("is none without an address", () => {
    assert.equal(read(" ", {}), undefined);
  });

  it("is encrypted with the credential secret of the settings file, without which it is an error that says so", () => {
    const { secret, address } = read(" redis://host:6379 ", { credentialSecret: "a secret" })!;
    assert.deepEqual([secret, address.url, address.username], ["a secret", "redis://host:6379", "talker"]);
    for (const credentialSecret of [undefined, "", false])
      assert.throws(() => read("redis://host:6379", { credentialSecret }), {
        code: "GEMINI_SETTING",
        message: /"credentialSecret".*not set\. Set the same one in all instances/,
      });
  });
});
