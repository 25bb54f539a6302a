/** A local hub in a real process. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseLines, RunningExecutable, type RunOptions } from "./run-executable.ts";

export class HubProcess {
  readonly options: RunOptions;
  readonly pid: number;
  readonly hostName: string;
  readonly #hub: RunningExecutable;

  private constructor(hub: RunningExecutable, options: RunOptions) {
    this.#hub = hub;
    this.options = options;
    const [ready] = parseLines(hub.stdout);
    this.pid = Number(ready?.pid);
    this.hostName = String(ready?.hostName);
  }

  static async start(): Promise<HubProcess> {
    const directory = mkdtempSync(join(tmpdir(), "c2d-hub-process-"));
    const options = { directory, env: { C2D_HOME: join(directory, "home") } };
    const args = ["start", "--port", "0", "-o", "json"];
    const hub = new RunningExecutable("c2d-hub", args, options);
    await hub.waitFor("stdout", `"type":"hub"`);
    return new HubProcess(hub, options);
  }

  async stop(): Promise<void> {
    this.#hub.process.kill("SIGTERM");
    await this.#hub.ended;
    rmSync(this.options.directory, { recursive: true, force: true });
  }
}
