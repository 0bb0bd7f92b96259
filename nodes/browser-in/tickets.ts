// Tickets for sockets: each page gets one, and each opens one socket. A page of another site cannot read them.

import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../audio/clock";

const LIFETIME_MS = 600_000;
/** Tickets that wait; the oldest is dropped. */
const MAX_TICKETS = 10_000;

export class Tickets {
  readonly #clock: Clock;
  /** The secrets by the public part of their tickets, the oldest first. */
  readonly #waiting = new Map<string, { secret: Buffer; expiresAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns a ticket that can be used once within ten minutes: letters, digits and `.`, `-`, `_` */
  issue(): string {
    const now = this.#clock.now();
    for (const [name, { expiresAt }] of this.#waiting) {
      if (expiresAt > now && this.#waiting.size < MAX_TICKETS) break;
      this.#waiting.delete(name);
    }
    const name = randomBytes(12).toString("base64url");
    const secret = randomBytes(24);
    this.#waiting.set(name, { secret, expiresAt: now + LIFETIME_MS });
    return `${name}.${secret.toString("base64url")}`;
  }

  /** Uses a ticket up, in a time that does not depend on how much of its secret is right. @returns whether it was valid */
  use(ticket: string): boolean {
    const [name = "", secret = ""] = ticket.split(".");
    const found = this.#waiting.get(name);
    if (!found || found.expiresAt <= this.#clock.now()) return false;
    const given = Buffer.from(secret, "base64url");
    if (given.length !== found.secret.length || !timingSafeEqual(given, found.secret)) return false;
    return this.#waiting.delete(name);
  }
}
