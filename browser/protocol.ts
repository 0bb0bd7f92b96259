// The messages on the socket between a page and the node that serves it. Binary frames carry sound: 16-bit mono PCM, little-endian.

// `browser/page.html` is the page. The node puts these into it, escaped for HTML:
// {{title}}    the title
// {{base}}     what the page's own addresses begin with, relative to the page: `{{base}}app.js`, `{{base}}socket`, `{{base}}ticket`
// {{ticket}}   for `new WebSocket("{{base}}socket?ticket=…")`; later ones from a GET of `{{base}}ticket`: `{"ticket":"…"}`
// {{options}}  PageOptions as JSON

/** What the page offers, from the settings of its browser in node. */
export interface PageOptions {
  title: string;
  voice: "open" | "pushToTalk";
  text: boolean;
  camera: boolean;
  screen: boolean;
}

export type PageAction =
  | "connect"
  | "disconnect"
  | "interrupt"
  | "activityStart"
  | "activityEnd"
  | "audioStreamEnd";

/** From the page to the node. The first message of a socket is `start`; it comes again when the rate of the microphone changes. */
export type PageMessage =
  /**
   * `rate`: of the sound that the page sends, in Hz. `language`: BCP 47. `resume`: the token of an earlier socket of this page; with
   * it the page keeps its conversation.
   */
  | { type: "start"; rate: number; language: string; resume?: string }
  /** `id`: of a text that the page sends again when a dead socket may have lost it. The node takes it once. */
  | { type: "text"; text: string; id?: string }
  /** A JPEG in Base64, at most one a second, at most 768 pixels wide and high. */
  | { type: "picture"; data: string }
  | { type: "action"; action: PageAction }
  /** The page has played all sound of that turn. */
  | { type: "played"; turn: number }
  /** The node answers with `pong` at once. It shows the page whether the socket still works, such as after a laptop's sleep. */
  | { type: "ping" };

export type ConversationState =
  | "disconnected"
  | "connecting"
  | "connected"
  | "interrupted"
  | "closing"
  | "closed";

/** The partner of the conversation: the simulator, or the server of the model. */
export type Server = "simulator" | "gemini" | "vertex" | "custom";

/** From the node to the page. */
export type NodeMessage =
  /** Answers `start`. `resume` is for the page's next socket; the page keeps it in its sessionStorage. */
  | { type: "ready"; resume: string }
  /** Before the first sound, and when the rate (Hz) or the turn changes. */
  | { type: "sound"; rate: number; turn?: number }
  /** The turn was interrupted: drop what is still to be played. */
  | { type: "flush" }
  | { type: "generationComplete" | "turnComplete"; turn?: number; interrupted?: true }
  | {
      type: "text";
      role: "user" | "model";
      text: string;
      /** `true`: the whole text of the turn. `false`: one more piece of it, or with `interim` one that replaces the last one. */
      final: boolean;
      interim?: true;
      thought?: true;
      turn?: number;
      language?: string;
    }
  | { type: "state"; state: ConversationState; server?: Server; model?: string }
  /** All other events of a live session, with the details that it sends as payload. */
  | { type: "event"; event: string; payload: Record<string, unknown> }
  | { type: "tool"; id: string; name: string; cancelled?: true }
  | { type: "error"; message: string; code?: string }
  | { type: "pong" };

/**
 * Why the node closes a socket.
 * - 1001: the node or Node-RED stops. Get a ticket and connect again.
 * - 1009: a message is larger than 512 KiB.
 * - 4001: the ticket is unknown, used or older than ten minutes. Get another.
 * - 4002: as many pages are open as the node allows.
 * - 4003: the page sent sound faster than real time, or a message that is not in this file.
 * - 4004: another page has taken the conversation over with the same `resume`, such as a duplicate of this tab. Drop `resume`
 *   before connecting again.
 */
export type CloseCode = 1001 | 1009 | 4001 | 4002 | 4003 | 4004;
