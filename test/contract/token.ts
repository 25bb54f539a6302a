const LIFETIME_SECONDS = 24 * 3600;

/** Far enough away for any test that turns the clock. */
export function tokenExpirySeconds(): number {
  return Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
}
