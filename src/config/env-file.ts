import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "dotenv";
import type { ConfigProblem } from "./config-error.ts";

const DEFAULT_PATH = ".env";

export interface EnvFile {
  readonly path: string;
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Only the default file may be missing. dotenv's `config` would write to the terminal and into
 * `process.env`; its `parse` does neither.
 */
export function readEnvFile(
  path: string | undefined,
  directory: string,
  problems: ConfigProblem[],
): EnvFile {
  const shownPath = path ?? `./${DEFAULT_PATH}`;
  try {
    const text = readFileSync(resolve(directory, path ?? DEFAULT_PATH), "utf8");
    return { path: shownPath, variables: parse(text) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (path !== undefined || code !== "ENOENT") {
      problems.push({
        where: path === undefined ? shownPath : `--dotenv ${path}`,
        what: `the file cannot be read (${code})`,
        fix: "Give --dotenv a readable file, or omit it.",
      });
    }
    return { path: shownPath, variables: {} };
  }
}
