import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import type { Io } from "../../terminal/io.ts";
import { UsageError } from "../../terminal/usage-error.ts";

export interface RecordInput {
  readonly name: string;
  readonly stream: Readable;
}

/**
 * Called before connecting, so that an unreadable file does not start a hub.
 *
 * @param path `-` is stdin.
 * @throws UsageError for a file that cannot be read.
 */
export async function openRecord(
  path: string,
  { stdin, directory }: Pick<Io, "stdin" | "directory">,
): Promise<RecordInput> {
  if (path === "-") return { name: "stdin", stream: stdin };
  try {
    const file = resolve(directory, path);
    if ((await stat(file)).isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
    return { name: path, stream: (await open(file)).createReadStream() };
  } catch (error) {
    throw unreadable(error);
  }
}

export function unreadable(error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException;
  return new UsageError(`--from: the file cannot be read (${code})`, "Give a readable file.");
}
