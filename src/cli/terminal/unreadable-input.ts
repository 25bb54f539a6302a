import { UsageError } from "./usage-error.ts";

/** For an error of the system; any other is returned as it is. */
export function unreadableInput(
  flag: string,
  name: "stdin" | "the file",
  error: unknown,
  hint = "Give a readable file.",
): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  return new UsageError(`${flag}: ${name} cannot be read (${code})`, hint);
}
