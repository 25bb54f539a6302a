/** Detects arguments that are not UTF-8: Node replaces their invalid bytes by U+FFFD. */

import { readFileSync } from "node:fs";
import { UsageError } from "../terminal/usage-error.ts";

const BODY_FLAG = /^--da(ta)?(=|$)/;

/**
 * Refuses a typed U+FFFD, too, unless the system shows the raw bytes, as Linux does.
 *
 * @param readCommandLine The arguments of this process as bytes, each followed by NUL.
 * @throws UsageError
 */
export function validateUtf8Arguments(
  args: readonly string[],
  readCommandLine: () => Buffer = () => readFileSync("/proc/self/cmdline"),
): void {
  const suspects = [...args.entries()].filter(([, arg]) => arg.includes("\uFFFD"));
  if (suspects.length === 0) return;
  const bytes = lastArguments(args.length, readCommandLine);
  const altered = suspects.find(([index, arg]) => !bytes?.[index]?.equals(Buffer.from(arg)));
  if (altered === undefined) return;
  const [index] = altered;
  const isBody = BODY_FLAG.test(args[index - 1] ?? "") || BODY_FLAG.test(args[index] ?? "");
  throw new UsageError(
    `argument ${index + 1} is not UTF-8 text`,
    isBody ? "Pass raw bytes in a file: --data-file-path <path>." : "Encode it as UTF-8.",
  );
}

/** They follow Node and its options. Undefined if the system does not show them. */
function lastArguments(count: number, readCommandLine: () => Buffer): Buffer[] | undefined {
  try {
    const text = readCommandLine().toString("latin1").replace(/\0$/, "");
    return text
      .split("\0")
      .slice(-count)
      .map((argument) => Buffer.from(argument, "latin1"));
  } catch {
    return undefined;
  }
}
