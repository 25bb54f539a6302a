/** Who may see the page: visitors with its key, or with a ticket made from it. */

import type { Clock } from "../../../async/clock.ts";
import { createToken, isSame, readToken, TOKEN_LIFETIMES_MS } from "./tokens.ts";

interface VisitorsOptions {
  readonly key: string;
  readonly port: number;
  readonly clock: Clock;
  /** Of the hub. */
  readonly startedMs: number;
}

const DAY_MS = 24 * 3_600_000;

export class Visitors {
  readonly #options: VisitorsOptions;
  readonly #cookieName: string;
  /** By nonce, until they would expire anyway. */
  readonly #usedTickets = new Map<string, number>();

  constructor(options: VisitorsOptions) {
    this.#options = options;
    // Cookies are shared by all ports of a host.
    this.#cookieName = `c2d-hub-${options.port}`;
  }

  hasKey(query: URLSearchParams): boolean {
    const [key, ticket] = [query.get("key"), query.get("ticket")];
    if (key !== null) return isSame(key, this.#options.key);
    return ticket !== null && this.#use(ticket);
  }

  /** When the visitor's session ends; undefined without one. */
  sessionExpiryMs(cookies: string | undefined): number | undefined {
    const { key, clock } = this.#options;
    const prefix = `${this.#cookieName}=`;
    const own = (cookies ?? "").split(/;\s*/).find((cookie) => cookie.startsWith(prefix));
    if (own === undefined) return undefined;
    return readToken(key, "session", own.slice(prefix.length), clock.nowMs())?.expiryMs;
  }

  isWorthRenewing(expiryMs: number): boolean {
    return expiryMs - this.#options.clock.nowMs() < TOKEN_LIFETIMES_MS.session - DAY_MS;
  }

  /** The value of a Set-Cookie header, with a new session. */
  createCookie(): string {
    const { key, clock } = this.#options;
    const session = createToken(key, "session", clock.nowMs());
    const maxAge = TOKEN_LIFETIMES_MS.session / 1000;
    return `${this.#cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAge}`;
  }

  #use(ticket: string): boolean {
    const nowMs = this.#options.clock.nowMs();
    for (const [nonce, expiryMs] of this.#usedTickets) {
      if (expiryMs <= nowMs) this.#usedTickets.delete(nonce);
    }
    const token = readToken(this.#options.key, "ticket", ticket, nowMs);
    if (token === undefined || this.#usedTickets.has(token.nonce)) return false;
    // It may have been used before the hub was restarted.
    if (token.expiryMs - TOKEN_LIFETIMES_MS.ticket < this.#options.startedMs) return false;
    this.#usedTickets.set(token.nonce, token.expiryMs);
    return true;
  }
}
