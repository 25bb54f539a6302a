import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../terminal/usage-error.ts";

/**
 * Skips blank lines; empty without a path. The loader validates the ids.
 *
 * @throws UsageError for a file that cannot be read or contains no ids.
 */
export function readDeviceFile(path: string | undefined, directory: string): readonly string[] {
  if (path === undefined) return [];
  const lines = readLines(resolve(directory, path));
  if (lines.length > 0) return lines;
  throw new UsageError(
    `--device-file: ${path} contains no device id`,
    "List one device id per line.",
  );
}

function readLines(path: string): string[] {
  try {
    const text = readFileSync(path, "utf8");
    return text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UsageError(
      `--device-file: the file cannot be read (${code})`,
      "Give a readable file.",
    );
  }
}
