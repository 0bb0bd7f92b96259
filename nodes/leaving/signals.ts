// Lets something happen between a signal and the stop of Node-RED, which closes all nodes at once and delivers no message after that.

/** The signals of service managers and containers on which Node-RED stops. */
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Calls those who listen for a signal now only when `before` has resolved, or when the signal comes once more. A signal for which nobody
 * listens ends the process, as without this.
 * @returns a function that lets them listen again
 */
export function delaySignals(before: () => Promise<void>): () => void {
  const ends = SIGNALS.map((signal) => {
    const others = process.rawListeners(signal);
    if (!others.length) return () => {};
    let isDelayed = false;
    const onSignal = (...args: unknown[]) => {
      const pass = () => {
        for (const other of others) Reflect.apply(other, process, args);
      };
      if (isDelayed) return pass();
      isDelayed = true;
      before().then(pass, pass);
    };
    process.on(signal, onSignal);
    for (const other of others) process.off(signal, other as NodeJS.SignalsListener);
    return () => {
      for (const other of others) process.on(signal, other as NodeJS.SignalsListener);
      process.off(signal, onSignal);
    };
  });
  return () => {
    for (const end of ends) end();
  };
}
