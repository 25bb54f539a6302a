/** Runs the built executables as real processes. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export type ExecutableName = "c2d-device" | "c2d-send" | "c2d-hub";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly directory: string;
  /** Beside PATH and HOME: nothing of the tester's own configuration reaches the process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** A process under test, with what it has said so far. */
export class RunningExecutable {
  readonly process: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";
  readonly #watchers = new Set<() => void>();

  constructor(name: ExecutableName, args: readonly string[], options: RunOptions) {
    const path = fileURLToPath(new URL(`../../../bin/${name}.js`, import.meta.url));
    this.process = spawn(path, args, {
      cwd: options.directory,
      env: { PATH: process.env.PATH, HOME: options.directory, ...options.env },
    });
    this.process.stdin.on("error", () => {});
    this.process.stdin.end(options.stdin ?? "");
    this.process.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      for (const watch of this.#watchers) watch();
    });
    this.process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      for (const watch of this.#watchers) watch();
    });
    this.ended = new Promise((resolve, reject) => {
      this.process.on("error", reject);
      this.process.on("close", (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        for (const watch of this.#watchers) watch();
      });
    });
  }

  /** Resolves once the stream holds the text; fails when the process ends without it. */
  async waitFor(stream: "stdout" | "stderr", text: string): Promise<void> {
    let watch: (() => void) | undefined;
    const seen = new Promise<"seen">((resolve) => {
      watch = () => {
        if (this[stream].includes(text)) resolve("seen");
      };
      this.#watchers.add(watch);
      watch();
    });
    const first = await Promise.race([seen, this.ended]);
    if (watch) this.#watchers.delete(watch);
    if (first === "seen" || this[stream].includes(text)) return;
    throw new Error(`ended with ${first.code} before '${text}':\n${this.stdout}\n${this.stderr}`);
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
