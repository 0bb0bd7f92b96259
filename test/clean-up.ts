// Ends what a test has started and restores what it has replaced, whether the test passes or fails.

const open: (() => unknown)[] = [];

/** Calls `end` after the running test; of several, the last one first. */
export function cleanUp(end: () => unknown) {
  open.push(end);
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

/** Mocha calls this after every test, since .mocharc.json requires this file. */
export const mochaHooks = {
  async afterEach() {
    const errors: unknown[] = [];
    for (let end = open.pop(); end; end = open.pop())
      try {
        await end();
      } catch (error) {
        errors.push(error);
      }
    if (errors.length) throw errors[0];
  },
};
