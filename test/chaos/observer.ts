// The runner's side of inside.cjs, which reports from the process of Node-RED.

import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Seen } from "./ledger";

/** The process of Node-RED: what is left in it, and what the live session has received and not completed, or completed twice. */
export interface ProcessState {
  left: Record<string, number>;
  unfinished: { count: number; about: string }[];
  heapMb: number;
  /** Of the event loop, since the last question. */
  longestDelayMs: number;
}

export class Observer {
  readonly #server: Server;
  #socket: Socket | undefined;
  #asked: ((state: ProcessState) => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(onSeen: (seen: Seen) => void) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const observer: Observer = new Observer(server);
    server.on("connection", (socket) => {
      observer.#socket = socket;
      socket.on("error", () => {}); // Node-RED may have ended.
      createInterface(socket).on("line", (line) => {
        const seen = JSON.parse(line) as Seen | ({ kind: "state" } & ProcessState);
        if (seen.kind === "state") observer.#asked.shift()?.(seen);
        else onSeen(seen);
      });
    });
    return observer;
  }

  /** Properties for the settings of a Node-RED that make it report here. */
  get settings() {
    const { port } = this.#server.address() as AddressInfo;
    return `functionGlobalContext: require(${JSON.stringify(require.resolve("./inside.cjs"))})(${port}),`;
  }

  state(): Promise<ProcessState> {
    return new Promise((resolve) => {
      this.#asked.push(resolve);
      this.#socket!.write("?\n");
    });
  }

  close() {
    this.#socket?.destroy();
    this.#server.close();
  }
}
