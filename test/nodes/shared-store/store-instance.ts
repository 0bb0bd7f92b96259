// An instance of Node-RED, as far as the shared store is concerned: what the store tells it.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { systemClock } from "../../../audio/clock";
import type { Done } from "../../../live/input/input";
import { SharedStore } from "../../../nodes/shared-store/shared-store";
import { cleanUp, opened } from "../../clean-up";
import { Inbox } from "../../inbox";

type Told =
  | { claimed: unknown; awayMs: number }
  | { asked: string; handOver(): void }
  | { lost: string }
  | { health: string }
  | { result: string; response: object; done: Done };

/** @param more options of the store, in place of those of the tests */
export async function instance(
  url: string,
  more: Partial<ConstructorParameters<typeof SharedStore>[0]> = {},
) {
  const told = new Inbox<Told>();
  const store = await opened(
    new SharedStore({
      address: { url },
      secret: "a secret",
      node: "session",
      clock: systemClock,
      random: () => 0,
      onClaimed: (_key, claimed, awayMs) => told.push({ claimed, awayMs }),
      onAsked: (asked, handOver) => told.push({ asked, handOver }),
      onLost: (lost) => told.push({ lost }),
      onHealth: (error) => told.push({ health: error?.message ?? "well" }),
      canTake: () => true,
      onResult: (_key, result, { response }, done) => told.push({ result, response, done }),
      ...more,
    }),
  );
  const next = <T extends string>(what: T) =>
    told.next((each) => what in each, what) as Promise<Extract<Told, Record<T, unknown>>>;
  return { store, told, next };
}

/**
 * An address that leads to a Redis, once `open` was called: nothing listens on it before.
 * @param cuts whether to end a connection at what is sent over it
 */
export function relayTo(url: string, port: number, cuts: (sent: string) => boolean = () => false) {
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const)
      socket.on("error", () => {}).on("close", () => other.destroy());
    near.on("data", (data) => (cuts(data.toString()) ? near.destroy() : far.write(data)));
    far.pipe(near);
    cleanUp(() => near.destroy());
  });
  cleanUp(() => server.close());
  return {
    url: `redis://127.0.0.1:${port}`,
    open: async () => {
      await once(server.listen(port, "127.0.0.1"), "listening");
    },
  };
}
