/** Signed and without state, so that they hold after a restart of the hub. */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** A ticket opens the page once, soon; a session is what the browser keeps. */
export type TokenPurpose = "session" | "ticket";

export const TOKEN_LIFETIMES_MS: Readonly<Record<TokenPurpose, number>> = {
  session: 30 * 24 * 3_600_000,
  ticket: 60_000,
};

export interface Token {
  readonly nonce: string;
  readonly expiryMs: number;
}

const NONCE_BYTES = 16;

export function createToken(key: string, purpose: TokenPurpose, nowMs: number): string {
  const expiryMs = nowMs + TOKEN_LIFETIMES_MS[purpose];
  const claim = `${randomBytes(NONCE_BYTES).toString("base64url")}.${expiryMs}`;
  return `${claim}.${sign(key, purpose, claim)}`;
}

/** Undefined unless it is valid. */
export function readToken(
  key: string,
  purpose: TokenPurpose,
  token: string,
  nowMs: number,
): Token | undefined {
  const [, claim = "", nonce = "", expiry, signature = ""] =
    /^(([\w-]{1,64})\.(\d{1,16}))\.([\w-]{1,64})$/.exec(token) ?? [];
  const expiryMs = Number(expiry);
  if (!isSame(signature, sign(key, purpose, claim)) || !(expiryMs > nowMs)) return undefined;
  return { nonce, expiryMs };
}

/** Takes as long for any text of the same length. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function sign(key: string, purpose: TokenPurpose, claim: string): string {
  const own = hmac(key, `c2d-hub page ${purpose}`);
  return hmac(own, claim).toString("base64url");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
