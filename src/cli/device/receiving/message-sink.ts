import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import type { Io } from "../../terminal/io.ts";
import { type Output, type OutputData, OutputError } from "../../terminal/output.ts";
import { UsageError } from "../../terminal/usage-error.ts";

export interface MessageSink {
  readonly isTTY: boolean;
  /** Whether something has been written, by this run or an earlier one. */
  readonly hasText: boolean;
  /** Resolves once the data has left the process. */
  write(data: OutputData): Promise<void>;
  close(): Promise<void>;
}

/**
 * Appends to a file: its messages have been acknowledged, and will not be delivered again.
 *
 * @throws UsageError for a file that cannot be opened.
 */
export async function openSink(
  path: string | undefined,
  { stdout, directory }: Pick<Io, "stdout" | "directory">,
): Promise<MessageSink> {
  if (path === undefined) return stdoutSink(stdout);
  const file = await openFile(resolve(directory, path), path);
  let hasText = (await file.stat()).size > 0;
  return {
    isTTY: false,
    get hasText() {
      return hasText;
    },
    write(data) {
      hasText = true;
      return append(file, data, path);
    },
    close: () => file.close(),
  };
}

export function stdoutSink(stdout: Output): MessageSink {
  return {
    isTTY: stdout.isTTY,
    get hasText() {
      return stdout.hasText;
    },
    write: (data) => stdout.write(data),
    close: () => Promise.resolve(),
  };
}

async function openFile(path: string, shownPath: string): Promise<FileHandle> {
  try {
    return await open(path, "a", 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UsageError(
      `--output-file: ${shownPath} cannot be written (${code})`,
      "Choose a file in an existing directory.",
    );
  }
}

async function append(file: FileHandle, data: OutputData, shownPath: string): Promise<void> {
  try {
    await file.appendFile(data);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new OutputError(`cannot write to ${shownPath}: ${reason}`, { cause });
  }
}
