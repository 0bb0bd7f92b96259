// Loaded into every process of the bench with --require: tells what the process has used so far, and profiles it on request.

const { writeFileSync } = require("node:fs");
const { Session } = require("node:inspector/promises");

const session = new Session();

const answers = {
  /** CPU time in milliseconds, both of user and system, and memory in bytes. */
  usage() {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { cpuMs: (user + system) / 1000, rss, heap: heapUsed + external };
  },
  /** As usage(), after garbage collection. */
  collected() {
    for (let i = 0; i < 3; i++) globalThis.gc();
    return answers.usage();
  },
  async profile() {
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.start");
  },
  /** @param {string} file is written */
  async profiled(file) {
    const { profile } = await session.post("Profiler.stop");
    session.disconnect();
    writeFileSync(file, JSON.stringify(profile));
  },
};

process.on("disconnect", () => process.exit());
process.on("message", async ({ id, ask, args = [] }) => {
  if (answers[ask]) process.send({ id, answer: await answers[ask](...args) });
});
