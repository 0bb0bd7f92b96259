// The state of the page, and its description in words.

import type { ConversationState, Server } from "./protocol";
import type { Link } from "./socket";
import type { Translate } from "./texts";

export interface PageState {
  link: Link;
  /** Undefined until the node sends it; never sent when the events output of the live session is not wired to browser out. */
  conversation: ConversationState | undefined;
  server: Server | undefined;
  model: string | undefined;
  microphone: "off" | "opening" | "on";
  pushToTalk: boolean;
  /** Push to talk: the button is held. */
  held: boolean;
  muted: boolean;
  /** The answer is being played. */
  speaking: boolean;
  /** The server detects speech of the user. */
  hearing: boolean;
  thinking: boolean;
  /** The tools that the model uses. */
  tools: readonly { id: string; name: string }[];
  camera: "camera" | "screen" | undefined;
  /** What went wrong, in words. */
  problem: string;
}

export const initialState: PageState = {
  link: "opening",
  conversation: undefined,
  server: undefined,
  model: undefined,
  microphone: "off",
  pushToTalk: false,
  held: false,
  muted: false,
  speaking: false,
  hearing: false,
  thinking: false,
  tools: [],
  camera: undefined,
  problem: "",
};

/** Whether a conversation is open, or about to open. */
export const isActive = ({ camera, conversation, microphone }: PageState) =>
  microphone === "on" || !!camera || ["connecting", "connected", "interrupted"].includes(conversation ?? "");

/** Whether the sound of the microphone goes to the node. */
export const isSending = ({ microphone, pushToTalk, held, muted }: PageState) =>
  microphone === "on" && (pushToTalk ? held : !muted);

/** @returns the state of the conversation in words */
export const describeState = ({ conversation = "closed", link }: PageState, translate: Translate) =>
  translate(link !== "open" || conversation === "closed" ? "disconnected" : conversation);

/** @returns what is happening right now, or an empty string */
export function describeActivity(state: PageState, translate: Translate): string {
  if (state.link !== "open") return "";
  if (state.microphone === "opening") return translate("starting");
  if (state.tools.length) return translate("tool", { name: state.tools.map(({ name }) => name).join(", ") });
  if (state.speaking) return translate("speaking");
  if (state.hearing) return translate("hearing");
  if (state.thinking) return translate("thinking");
  if (state.microphone === "off") return "";
  if (state.pushToTalk && !state.held) return "";
  return translate(state.muted ? "muted" : "listening");
}

/** @returns who the user talks to, or an empty string while that is not known */
export const describePartner = ({ server, model = "" }: PageState, translate: Translate) =>
  server ? translate(server, { model }) : "";
