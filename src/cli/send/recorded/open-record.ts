import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import type { Io } from "../../terminal/io.ts";
import { unreadableInput } from "../../terminal/unreadable-input.ts";

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
  if (path === "-") {
    if (stdin.errored) throw unreadable("stdin", stdin.errored);
    return { name: "stdin", stream: stdin };
  }
  try {
    const file = resolve(directory, path);
    if ((await stat(file)).isDirectory()) {
      throw Object.assign(new Error(), { code: "EISDIR", syscall: "read" });
    }
    return { name: path, stream: (await open(file)).createReadStream() };
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** @param name Of the input. */
export function unreadable(name: string, error: unknown): unknown {
  return name === "stdin"
    ? unreadableInput("--from", "stdin", error, "Pipe the messages into it.")
    : unreadableInput("--from", "the file", error);
}
