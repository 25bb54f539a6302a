/** Disables the SDKs' debug output, which contains tokens. */

/**
 * Deletes `DEBUG`. Call before loading the SDKs, which read it on load. (Node reads `NODE_DEBUG`
 * before any program runs.)
 *
 * @returns Whether it was set.
 */
export function disableDebug(env: Record<string, string | undefined>): boolean {
  if (!env.DEBUG) return false;
  delete env.DEBUG;
  return true;
}
