// Programs that start others, such as a script around arecord.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../../../nodes/sound-device/run";
import { DEADLINE_MS, Inbox } from "../../inbox";
import { temporaryFolder, writeProgram } from "../../sound-programs";

/** Runs a script that starts a program, which holds its pipes, prints its process id, and goes on with `then`. */
async function startScript(then: string) {
  const file = join(temporaryFolder(), "arecord");
  writeProgram(file, `sleep 600 &\necho $!\n${then}`);
  const printed = new Inbox<string>();
  const running = run("microphone", { program: "alsa", file, args: [] }, "", {
    onSound: (chunk) => printed.push(String(chunk)),
  });
  const pid = Number(await printed.next());
  return { running, pid };
}

/** Resolves when a process has ended, also when nobody has collected it yet. */
async function untilGone(pid: number) {
  const ends = Date.now() + DEADLINE_MS;
  while (
    /^[^Z]/.test(
      spawnSync("ps", ["-o", "stat=", "-p", String(pid)])
        .stdout.toString()
        .trim(),
    )
  ) {
    assert.ok(Date.now() < ends, `The process ${pid} has ended.`);
    await delay(10);
  }
}

describe("a script that starts a program", () => {
  it("ends with it, so that nothing keeps the microphone", async () => {
    const { running, pid } = await startScript("wait");
    running.kill();
    assert.equal(await running.ended, undefined);
    await untilGone(pid);
  });

  it("has ended when it alone ends, and the program ends too", async () => {
    const { running, pid } = await startScript("exit 3");
    const error = await running.ended;
    assert.equal(error?.message, "arecord has ended with exit code 3.");
    await untilGone(pid);
  });
});
