/** A running program, with its output so far. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly directory: string;
  /** In addition to PATH and HOME; the process inherits no other variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Whether more may be written to stdin. */
  readonly keepsStdinOpen?: true;
}

export class RunningProgram {
  readonly process: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";
  readonly #watchers = new Set<() => void>();

  constructor(program: string, args: readonly string[], options: RunOptions) {
    this.process = spawn(program, args, {
      cwd: options.directory,
      env: { PATH: process.env.PATH, HOME: options.directory, ...options.env },
    });
    this.process.stdin.on("error", () => {});
    this.process.stdin.write(options.stdin ?? "");
    if (!options.keepsStdinOpen) this.process.stdin.end();
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

  /** Resolves once the stream contains the text; rejects if the process ends without it. */
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
