/**
 * Runs the commands of a page, with the executables on the PATH and a separate home. One difference:
 * `c2d-hub start` without `--port` uses any free one.
 */

import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../cli/support/run-executable.ts";
import { ROOT } from "./pages.ts";

export class PageShell {
  readonly directory = mkdtempSync(join(tmpdir(), "c2d-page-"));
  readonly #scripts: RunningScript[] = [];
  /** For executables run without a shell. */
  readonly options: { readonly directory: string; readonly env: Record<string, string> };

  constructor() {
    const bin = join(this.directory, "bin");
    mkdirSync(bin);
    for (const name of ["c2d-device", "c2d-send"]) {
      symlinkSync(join(ROOT, "bin", `${name}.js`), join(bin, name));
    }
    // The standard ports may be in use.
    const hub = join(ROOT, "bin/c2d-hub.js");
    const script = `#!/bin/sh\ncase "$*" in\n  start*--port*) ;;\n  start*) set -- "$@" --port 0 ;;\nesac\nexec '${hub}' "$@"\n`;
    writeFileSync(join(bin, "c2d-hub"), script, { mode: 0o755 });
    // As on a terminal: jq's output is not buffered.
    writeFileSync(
      join(bin, "jq"),
      `#!/bin/sh\nPATH='${process.env.PATH}' exec jq --unbuffered "$@"\n`,
      {
        mode: 0o755,
      },
    );
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

  /** Runs a script with these additional variables. */
  run(script: string, variables: Readonly<Record<string, string>> = {}): RunningScript {
    const running = new RunningScript(script, this.directory, {
      ...this.options.env,
      HOME: this.directory,
      ...variables,
    });
    this.#scripts.push(running);
    return running;
  }

  /** The variables README starts with: the local hub. */
  useExampleVariables(): void {
    copyFileSync(join(ROOT, ".env.example"), join(this.directory, ".env"));
  }

  /** Stops everything still running, also in the background. */
  async close(): Promise<void> {
    for (const script of this.#scripts) script.kill();
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
    // As in a terminal, Ctrl-C stops the command but not the shell.
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

  /** Resolves once either stream contains this text, or the script has ended. */
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
    this.#signal("SIGINT");
  }

  /** Kills the processes that remain. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  #signal(name: "SIGINT" | "SIGKILL"): void {
    try {
      process.kill(-this.#pid, name);
    } catch {
      // None is running any more.
    }
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
