// A connection between an instance and Redis that can be slow, or cut as a network is: nothing arrives, and nothing is closed.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class Link {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Milliseconds by which data is late in each direction. */
  delayMs = 0;
  isCut = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param url `redis://127.0.0.1:port` */
  static async to(url: string): Promise<Link> {
    const server = createServer();
    const link: Link = new Link(server);
    server.on("connection", (near) => {
      const far = connect(Number(new URL(url).port), "127.0.0.1");
      link.#join(near, far);
      link.#join(far, near);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return link;
  }

  /** For the instance. */
  get url() {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Closes the connections; others can be made. */
  drop() {
    for (const socket of this.#sockets) socket.destroy();
  }

  close() {
    this.drop();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #join(from: Socket, to: Socket) {
    this.#sockets.add(from);
    from.setNoDelay();
    from.on("error", () => {}); // Its close follows.
    const pass = (act: () => void) => {
      const late = () => !this.isCut && act();
      if (this.delayMs) setTimeout(late, this.delayMs);
      else late();
    };
    from.on("data", (data) => pass(() => to.writable && to.write(data)));
    from.on("close", () => {
      this.#sockets.delete(from);
      pass(() => to.destroy());
    });
  }
}
