/** Keeps the SDKs' own debug output out: it shows tokens as they are. */

/**
 * Takes `DEBUG` away, which the SDKs and their dependencies read when they are loaded: to be called
 * before. Node itself reads `NODE_DEBUG` before any program runs.
 *
 * @returns whether it was set.
 */
export function disableDebug(env: Record<string, string | undefined>): boolean {
  if (!env.DEBUG) return false;
  delete env.DEBUG;
  return true;
}
