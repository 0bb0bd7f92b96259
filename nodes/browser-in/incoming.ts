// Reads what a page sends, and refuses what no page sends.

import { sampleRates } from "../../audio/formats";
import type { PageAction, PageMessage } from "../../browser/protocol";

const ACTIONS: readonly string[] = [
  "connect",
  "disconnect",
  "interrupt",
  "activityStart",
  "activityEnd",
  "audioStreamEnd",
] satisfies PageAction[];

const CHECKS: { [T in PageMessage["type"]]: (message: Record<string, unknown>) => boolean } = {
  start: ({ rate, language }) =>
    sampleRates.includes(rate as number) && typeof language === "string" && language.length <= 35,
  text: ({ text, id }) =>
    typeof text === "string" &&
    text.trim() !== "" &&
    (id === undefined || (typeof id === "string" && id.length <= 64)),
  picture: ({ data }) => typeof data === "string" && /^\/9j\/[A-Za-z0-9+/]+=*$/.test(data),
  action: ({ action }) => ACTIONS.includes(action as string),
  played: ({ turn }) => Number.isSafeInteger(turn),
  ping: () => true,
};

/** @returns undefined when the text is not a message of a page */
export function readPageMessage(text: string): PageMessage | undefined {
  const message = parse(text);
  const type = String(message?.type) as PageMessage["type"];
  if (!message || !Object.hasOwn(CHECKS, type) || !CHECKS[type](message)) return undefined;
  return message as PageMessage;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
