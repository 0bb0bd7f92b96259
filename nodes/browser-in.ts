// gemini-browser-in: serves a page with microphone, text field and camera. Each open page has a conversation of its own.

import type { Node, NodeAPI, NodeDef } from "node-red";
import type { WebSocket } from "ws";
import { systemClock } from "../audio/clock";
import type { NodeMessage } from "../browser/protocol";
import { Client, clients, idOf, isResumeToken, newResumeToken } from "./browser-in/clients";
import { type FromPage, type PageListener, PageSocket } from "./browser-in/page-socket";
import { Sites } from "./browser-in/sites";
import { Tickets } from "./browser-in/tickets";
import type { FlowMessage } from "./flow/messages";
import { type BrowserInSettings, browserIn } from "./settings/browser-in";
import { rejectMessages } from "./settings/invalid-settings";
import { readSettings } from "./settings/table";

/** Milliseconds for which the conversation of a page without a socket stays open: the page may be loading again. */
const AWAY_MS = 30_000;

export = (RED: NodeAPI) => {
  const sites = new Sites(RED);
  function BrowserIn(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runBrowserIn(RED, this, readSettings(browserIn, def), sites);
    } catch (error) {
      rejectMessages(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-browser-in", BrowserIn);
};

function runBrowserIn(RED: NodeAPI, node: Node, settings: BrowserInSettings, sites: Sites) {
  const path = settings.path.trim().replace(/^\/?(.*?)\/?$/, "/$1");
  const tickets = new Tickets(systemClock);
  const open = new Set<PageSocket>();
  /** For the pages that are away, by their ids: what ends the waiting for them. */
  const waits = new Map<string, () => void>();

  const showCount = () => {
    const text =
      open.size === 1
        ? RED._("browser-in.badge.one")
        : RED._("browser-in.badge.pages", { count: String(open.size) });
    node.status({ fill: open.size ? "green" : "grey", shape: open.size ? "dot" : "ring", text });
  };

  const opened = (socket: WebSocket, ticket: string, user: string | undefined) => {
    if (!tickets.use(ticket)) return refuse(socket, 4001);
    if (open.size >= settings.maxPages) return refuse(socket, 4002);
    const page = new PageSocket(
      socket,
      systemClock,
      listenTo(() => page, user),
    );
    open.add(page);
    showCount();
  };

  const listenTo = (page: () => PageSocket, user: string | undefined): PageListener => {
    let client: Client | undefined;
    return {
      started({ resume }, outbox) {
        const token = isResumeToken(resume) ? resume : newResumeToken();
        const id = idOf(node.id, token);
        client = clients.get(id) ?? new Client(id, node.id);
        clients.set(id, client);
        client.user = user;
        client.attach(outbox, () => page().close(4004));
        waits.get(id)?.();
        outbox.push(JSON.stringify({ type: "ready", resume: token } satisfies NodeMessage));
        client.sendState();
      },
      sent: (msg) => client && send(client, msg),
      closed(outbox) {
        open.delete(page());
        if (!closing) showCount();
        if (client?.detach(outbox) && !closing) waitFor(client);
      },
    };
  };

  /** Ends the conversation of a page that does not come back. */
  const waitFor = (client: Client) => {
    const end = () => {
      cancel();
      waits.delete(client.id);
    };
    const cancel = systemClock.after(AWAY_MS, () => {
      end();
      clients.delete(client.id);
      send(client, { action: "disconnect" });
    });
    waits.set(client.id, end);
  };

  /** With a `_session` of its own for each message: nodes may change what they get. */
  const send = ({ id, user }: Client, msg: FromPage) => {
    const _session = { type: "gemini-browser", id, ...(user !== undefined && { user }) };
    node.send({ ...msg, _session } satisfies FlowMessage as FlowMessage);
  };

  const ofThisNode = () => [...clients.values()].filter((client) => client.node === node.id);

  let closing = false;
  const close = sites.open(path, { settings, issueTicket: () => tickets.issue(), opened });
  // A deploy has closed their sockets.
  for (const client of ofThisNode()) if (client.isAway) waitFor(client);
  node.on("close", (removed: boolean, done: () => void) => {
    closing = true;
    close();
    for (const page of open) page.close(1001);
    for (const end of waits.values()) end();
    if (removed) for (const { id } of ofThisNode()) clients.delete(id);
    node.status({});
    done();
  });
  showCount();
}

/** Closes a socket after the handshake, because browsers hide from a page why a handshake fails. */
function refuse(socket: WebSocket, code: 4001 | 4002) {
  socket.on("error", () => {});
  socket.close(code);
}
