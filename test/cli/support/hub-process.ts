/** A local hub as a process of its own, for the executables of one test file. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Ended,
  type ExecutableName,
  parseLines,
  RunningExecutable,
  type RunOptions,
  run,
} from "./run-executable.ts";

export class HubProcess {
  readonly directory: string;
  readonly options: RunOptions;
  readonly caFile: string;
  #hub: RunningExecutable;
  readonly #args: readonly string[];
  readonly #started: RunningExecutable[] = [];

  private constructor(directory: string, hub: RunningExecutable, args: readonly string[]) {
    this.directory = directory;
    this.options = optionsIn(directory);
    this.caFile = join(directory, "home", "ca.pem");
    this.#hub = hub;
    this.#args = args;
  }

  static async start(...args: readonly string[]): Promise<HubProcess> {
    const directory = mkdtempSync(join(tmpdir(), "c2d-hub-process-"));
    const all = ["start", "--port", "0", "-o", "json", ...args];
    return new HubProcess(directory, await startHub(all, directory), args);
  }

  get hostName(): string {
    return String(parseLines(this.#hub.stdout)[0]?.hostName);
  }

  /** What happened inside, since it was last started. */
  get events(): readonly Record<string, unknown>[] {
    return parseLines(this.#hub.stdout).slice(1);
  }

  /** The same hub again, on the same port. */
  async restart(): Promise<void> {
    const port = this.hostName.split(":")[1] ?? "0";
    this.#hub.process.kill("SIGTERM");
    await this.#hub.ended;
    const all = ["start", "--port", port, "-o", "json", ...this.#args];
    this.#hub = await startHub(all, this.directory);
  }

  /** Runs an executable to its end, with `--local` behind the command. */
  run(name: ExecutableName, ...args: readonly string[]): Promise<Ended> {
    return run(name, [...args, "--local"], this.options);
  }

  /** Starts one, which ends with the hub at the latest. */
  spawn(name: ExecutableName, ...args: readonly string[]): RunningExecutable {
    const executable = new RunningExecutable(name, [...args, "--local"], this.options);
    this.#started.push(executable);
    return executable;
  }

  async stop(): Promise<void> {
    for (const executable of this.#started) executable.process.kill("SIGKILL");
    await Promise.all(this.#started.map(({ ended }) => ended));
    this.#hub.process.kill("SIGTERM");
    await this.#hub.ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function optionsIn(directory: string): RunOptions {
  return { directory, env: { C2D_HOME: join(directory, "home") } };
}

async function startHub(args: readonly string[], directory: string): Promise<RunningExecutable> {
  const hub = new RunningExecutable("c2d-hub", args, optionsIn(directory));
  await hub.waitFor("stdout", `"type":"hub"`);
  return hub;
}
