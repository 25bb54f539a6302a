/** Runs the built executables as real processes. */

import { fileURLToPath } from "node:url";
import { type Ended, RunningProgram, type RunOptions } from "../../support/running-program.ts";

export type { Ended, RunOptions } from "../../support/running-program.ts";

export type ExecutableName = "c2d-device" | "c2d-send" | "c2d-hub" | "c2d-tools";

export class RunningExecutable extends RunningProgram {
  constructor(name: ExecutableName, args: readonly string[], options: RunOptions) {
    const path = fileURLToPath(new URL(`../../../bin/${name}.js`, import.meta.url));
    // Windows knows no shebang line.
    super(process.execPath, [path, ...args], options);
  }
}

/** Runs an executable to its end. */
export async function run(
  name: ExecutableName,
  args: readonly string[],
  options: RunOptions,
): Promise<Ended> {
  return await new RunningExecutable(name, args, options).ended;
}

/** The lines of NDJSON, parsed. */
export function parseLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The JSON lines among other text, of this type if one is given. */
export function linesOf(text: string, type?: string): Record<string, unknown>[] {
  const lines = parseLines(text.replace(/^[^{].*$/gm, ""));
  return type === undefined ? lines : lines.filter((line) => line.type === type);
}

/** The messages that `c2d-device listen -o json` has printed. */
export function messagesOf({ stdout }: { readonly stdout: string }): Record<string, unknown>[] {
  return linesOf(stdout, "message");
}
