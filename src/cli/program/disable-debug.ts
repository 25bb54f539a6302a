/**
 * Disables the SDKs' debug output, which contains tokens. Call before loading the SDKs, which read
 * `DEBUG` on load. (Node reads `NODE_DEBUG` before any program runs.)
 */
export function disableDebug(env: Record<string, string | undefined>): boolean {
  if (!env.DEBUG) return false;
  delete env.DEBUG;
  return true;
}
