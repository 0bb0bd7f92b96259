// Serves the page and its files, with the headers that keep other sites out.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Response } from "express";
import type { PageOptions } from "../../browser/protocol";
import type { BrowserInSettings } from "../settings/browser-in";

/** Where the build puts the page. */
const FOLDER = join(__dirname, "../../browser");
const FILES = ["app.js", "app.css", "worklets.js"];
export const isFile = (name: string) => FILES.includes(name);

export function sendFile(response: Response, name: string) {
  response.set("cache-control", "no-cache").sendFile(name, { root: FOLDER });
}

/** @param base what the addresses of the page's files and its socket begin with, relative to the page */
export function sendPage(response: Response, settings: BrowserInSettings, base: string, ticket: string) {
  const { title, voice, text, camera, screen } = settings;
  const options: PageOptions = { title, voice, text, camera, screen };
  const values: Record<string, string> = { title, base, ticket, options: JSON.stringify(options) };
  const html = readFileSync(join(FOLDER, "page.html"), "utf8").replace(/\{\{(\w+)\}\}/g, (_, name) =>
    escapeHtml(values[name]!),
  );
  response.set({
    "cache-control": "no-store",
    "content-security-policy": policyOf(settings),
  });
  response.type("html").send(html);
}

export function sendTicket(response: Response, ticket: string) {
  response.set("cache-control", "no-store").json({ ticket });
}

/** Lets no other site read the response, whatever the settings of Node-RED allow for its other addresses (CORS). */
export function protect(response: Response) {
  response.removeHeader("access-control-allow-origin");
  response.removeHeader("access-control-allow-credentials");
  response.set({
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
  });
}

/** The page's Content-Security-Policy. */
export const policyOf = (settings: Pick<BrowserInSettings, "embedding" | "sites">) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frameAncestors(settings)}`,
  ].join("; ");

function frameAncestors({ embedding, sites }: Pick<BrowserInSettings, "embedding" | "sites">) {
  if (embedding === "none") return "'none'";
  return embedding === "self" ? "'self'" : `'self' ${sites.trim().split(/\s+/).join(" ")}`;
}

const escapeHtml = (text: string) =>
  text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
