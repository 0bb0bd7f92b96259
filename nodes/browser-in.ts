// gemini-browser-in: serves a page with microphone, text field and camera. Each open page has a conversation of its own.

import type { Node, NodeAPI, NodeDef } from "node-red";
import type { WebSocket } from "ws";
import { systemClock } from "../audio/clock";
import type { NodeMessage } from "../browser/protocol";
import { AwayPages } from "./browser-in/away";
import { Client, clients, idOf, isResumeToken, newResumeToken, pagesOf } from "./browser-in/clients";
import { type FromPage, type PageListener, PageSocket } from "./browser-in/page-socket";
import { Sites } from "./browser-in/sites";
import { Tickets } from "./browser-in/tickets";
import { onFlowsStarted } from "./flow/flow-start";
import type { FlowMessage } from "./flow/messages";
import { isLeaving } from "./leaving/instance";
import { type BrowserInSettings, browserIn } from "./settings/browser-in";
import { rejectMessages } from "./settings/invalid-settings";
import { readSettings } from "./settings/table";

export = (RED: NodeAPI) => {
  const sites = new Sites(RED);
  /** The ids of the nodes that run. */
  const running = new Set<string>();
  function BrowserIn(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    running.add(this.id);
    const end = (client: Client) => send(this, client, { action: "disconnect" });
    const away = new AwayPages(systemClock, this.id, end);
    try {
      runBrowserIn(RED, this, readSettings(browserIn, def), sites, away);
    } catch (error) {
      rejectMessages(this, error as Error);
    }
    this.on("close", (removed: boolean, done: () => void) => {
      running.delete(this.id);
      away.close(removed);
      // Node-RED does not say it of the nodes in a subflow that is removed.
      const stop = onFlowsStarted(RED, () => {
        stop();
        if (!running.has(this.id)) away.close(true);
      });
      done();
    });
  }
  RED.nodes.registerType("gemini-browser-in", BrowserIn);
};

function runBrowserIn(RED: NodeAPI, node: Node, settings: BrowserInSettings, sites: Sites, away: AwayPages) {
  const path = settings.path.trim().replace(/^\/?(.*?)\/?$/, "/$1");
  const tickets = new Tickets(systemClock);
  /** Also those whose pages have not sent their first message. */
  const sockets = new Set<PageSocket>();
  const openPages = () => pagesOf(node.id).filter(({ isOpen }) => isOpen).length;

  const showCount = () => {
    const count = openPages();
    const text =
      count === 1 ? RED._("browser-in.badge.one") : RED._("browser-in.badge.pages", { count: String(count) });
    node.status({ fill: count ? "green" : "grey", shape: count ? "dot" : "ring", text });
  };

  const opened = (socket: WebSocket, ticket: string, user: string | undefined) => {
    // Middleware can take longer than a deploy. A page that tries again may reach another instance.
    if (closing || isLeaving()) return refuse(socket, 1001);
    if (!tickets.use(ticket)) return refuse(socket, 4001);
    // Each open page may come back before its old socket is known to be dead.
    if (sockets.size >= 2 * settings.maxPages) return refuse(socket, 4002);
    const page = new PageSocket(
      socket,
      systemClock,
      listenTo(() => page, user),
    );
    sockets.add(page);
  };

  const listenTo = (page: () => PageSocket, user: string | undefined): PageListener => {
    let client: Client | undefined;
    return {
      started({ resume }, outbox) {
        const token = isResumeToken(resume) ? resume : newResumeToken();
        const id = idOf(node.id, token, user);
        const known = clients.get(id);
        if (!known?.isOpen && openPages() >= settings.maxPages) return page().close(4002);
        client = known ?? new Client(id, node.id, user);
        clients.set(id, client);
        client.attach(outbox, (code) => page().close(code));
        away.delete(client);
        away.limit(settings.maxPages);
        outbox.push(JSON.stringify({ type: "ready", resume: token } satisfies NodeMessage));
        client.sendState();
        showCount();
      },
      sent: (msg) => client && send(node, client, msg),
      isNew: (id) => client!.isNew(id),
      closed(outbox) {
        sockets.delete(page());
        if (!client?.detach(outbox)) return;
        away.add(client);
        if (!closing) showCount();
      },
    };
  };

  let closing = false;
  const close = sites.open(path, { settings, issueTicket: () => tickets.issue(), opened });
  node.on("close", (done: () => void) => {
    closing = true;
    close();
    for (const page of sockets) page.close(1001);
    node.status({});
    done();
  });
  showCount();
}

/** With a `_session` of its own for each message: nodes may change what they get. */
function send(node: Node, { id, user }: Client, msg: FromPage) {
  const _session = { type: "gemini-browser", id, ...(user !== undefined && { user }) };
  node.send(Object.assign({}, msg, { _session }) satisfies FlowMessage as FlowMessage);
}

/** Closes a socket after the handshake, because browsers hide from a page why a handshake fails. */
function refuse(socket: WebSocket, code: 1001 | 4001 | 4002) {
  socket.on("error", () => {});
  socket.close(code);
}
