/** Features that Windows lacks; their tests are skipped there, which is reported on stderr, once. */

const missing = new Set<string>();

/** For `test.runIf`. @param what The required feature, such as "signals". */
export function onPosix(what: string): boolean {
  const isThere = process.platform !== "win32";
  if (!isThere && !missing.has(what)) {
    missing.add(what);
    process.stderr.write(`SKIPPED: Windows has no POSIX ${what}; their tests do not run\n`);
  }
  return isThere;
}
