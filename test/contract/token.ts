const LIFETIME_SECONDS = 24 * 3600;

/** Later than any test advances the clock. */
export function tokenExpirySeconds(): number {
  return Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
}
