/** A place to run what a page shows: the executables on the PATH, a home of its own. */

import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../cli/support/run-executable.ts";
import { ROOT } from "./pages.ts";

export class PageShell {
  readonly directory = mkdtempSync(join(tmpdir(), "c2d-page-"));
  /** For executables that are run without a shell. */
  readonly options: { readonly directory: string; readonly env: Record<string, string> };

  constructor() {
    const bin = join(this.directory, "bin");
    mkdirSync(bin);
    for (const name of ["c2d-device", "c2d-send", "c2d-hub"]) {
      symlinkSync(join(ROOT, "bin", `${name}.js`), join(bin, name));
    }
    // In a clone npx finds the executables; here PATH does.
    symlinkSync("/usr/bin/env", join(bin, "npx"));
    copyFileSync(join(ROOT, ".env.example"), join(this.directory, ".env.example"));
    this.options = {
      directory: this.directory,
      env: {
        PATH: `${bin}:${process.env.PATH}`,
        C2D_HOME: join(this.directory, "home"),
        NODE_PATH: join(ROOT, "node_modules"),
      },
    };
  }

  /** Runs a script, with these variables besides. */
  run(script: string, variables: Readonly<Record<string, string>> = {}): RunningScript {
    return new RunningScript(script, this.directory, {
      ...this.options.env,
      HOME: this.directory,
      ...variables,
    });
  }

  async close(): Promise<void> {
    await run("c2d-hub", ["stop"], this.options);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class RunningScript {
  readonly ended: Promise<Ended>;
  readonly #pid: number;
  readonly #output = { stdout: "", stderr: "" };
  #onOutput = (): void => {};

  constructor(script: string, cwd: string, env: Readonly<Record<string, string>>) {
    // As in a terminal, Ctrl-C is for the command; the shell goes on.
    const child = spawn("sh", ["-c", `trap : INT\n${script}`], {
      cwd,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...env },
    });
    this.#pid = child.pid ?? 0;
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        this.#output[name] += chunk;
        this.#onOutput();
      });
    }
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject).on("close", (code) => resolve({ code, ...this.#output }));
    });
  }

  /** Resolves once either stream has shown this text, or the script has ended. */
  async waitFor(wanted: string): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      this.#onOutput = () => {
        const { stdout, stderr } = this.#output;
        if (stdout.includes(wanted) || stderr.includes(wanted)) resolve();
      };
      this.#onOutput();
    });
    await Promise.race([seen, this.ended]);
  }

  /** Ctrl-C. */
  interrupt(): void {
    process.kill(-this.#pid, "SIGINT");
  }
}

/** Numbers, run ids and times differ from run to run. */
export function withoutNumbers(output: string): string {
  return output
    .replace(/_[0-9a-f]{8}\b/g, "_RUN")
    .replace(/\d+(\.\d+)? (ms|s)\b/g, "TIME")
    .replace(/: \d+\.\d+\}/g, ": WIND}")
    .replace(/localhost:\d+/g, "localhost");
}
