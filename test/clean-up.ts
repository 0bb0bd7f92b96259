// Ends what a test has started and restores what it has replaced, whether the test passes or fails.

const ends: (() => unknown)[] = [];

/** Calls `end` after the running test; of several, the last one first. */
export function cleanUp(end: () => unknown) {
  ends.push(end);
}

/** Waits until it is open, and closes it after the running test. */
export async function opened<T extends { close(): unknown }>(opening: T | Promise<T>): Promise<T> {
  const open = await opening;
  cleanUp(() => open.close());
  return open;
}

/** Sets `object[name]`, such as a variable of `process.env`, until the end of the running test. */
export function replace<T extends object, K extends keyof T>(object: T, name: K, value: T[K]) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  object[name] = value;
  cleanUp(() => {
    if (before) Object.defineProperty(object, name, before);
    else delete object[name];
  });
}

/** How many timers, sockets, processes and so on keep this process alive, by kind. */
function running() {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

let before: Map<string, number>;
const left = () => [...running()].filter(([kind, count]) => count > (before.get(kind) ?? 0));

// Mocha ignores rejections that nothing handles; thrown, they fail the running test.
process.on("unhandledRejection", (reason: Partial<NodeJS.ErrnoException> | undefined) => {
  if (!reason?.code?.startsWith("ERR_MOCHA_")) throw reason; // Mocha's own it takes care of.
});

/** Hooks around all tests, which mocha finds here since .mocharc.json requires this file. */
export const mochaHooks = {
  async beforeAll() {
    // Only now mocha's own timer of a hook runs, as it does in afterAll.
    await new Promise((resolve) => setImmediate(resolve));
    before = running();
  },
  async afterEach() {
    const errors: unknown[] = [];
    for (let end = ends.pop(); end; end = ends.pop())
      try {
        await end();
      } catch (error) {
        errors.push(error);
      }
    if (errors.length) throw errors[0];
  },
  async afterAll(this: Mocha.Context) {
    for (let n = 0; n < 100 && left().length; n++) await new Promise((resolve) => setTimeout(resolve, 50));
    if (!left().length) return;
    // The file is for the reporter: mocha names none for a hook around all tests.
    const { file } = this.test!.parent!.suites[0] ?? {};
    throw Object.assign(new Error(`The tests leave running: ${left().join("; ")}`), { file });
  },
};
