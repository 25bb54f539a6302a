/** A local hub that `c2d-hub start` runs inside the test's process, and the programs that use it. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CommandOptions,
  type Ended,
  type ExecutableName,
  parseLines,
  RunningCommand,
  run,
} from "./run-command.ts";

export class StartedHub {
  readonly directory: string;
  readonly options: CommandOptions;
  readonly caFile: string;
  #hub: RunningCommand;
  readonly #args: readonly string[];
  readonly #started: RunningCommand[] = [];

  private constructor(directory: string, hub: RunningCommand, args: readonly string[]) {
    this.directory = directory;
    this.options = optionsIn(directory);
    this.caFile = join(directory, "home", "ca.pem");
    this.#hub = hub;
    this.#args = args;
  }

  static async start(...args: readonly string[]): Promise<StartedHub> {
    const directory = mkdtempSync(join(tmpdir(), "c2d-started-hub-"));
    const all = ["start", "--port", "0", ...uiPortOf(args), "-o", "json", ...args];
    return new StartedHub(directory, await startHub(all, directory), args);
  }

  /** The first line that it printed. */
  get ready(): Readonly<Record<string, unknown>> {
    return parseLines(this.#hub.stdout)[0] ?? {};
  }

  get hostName(): string {
    return String(this.ready.hostName);
  }

  /** The hub's events since it was last started. */
  get events(): readonly Record<string, unknown>[] {
    return parseLines(this.#hub.stdout).slice(1);
  }

  /** The variables printed by `c2d-hub env`, to connect without `--local`. */
  async env(): Promise<Readonly<Record<string, string>>> {
    const { stdout } = await run("c2d-hub", ["env", "--format", "json"], this.options);
    return JSON.parse(stdout) as Record<string, string>;
  }

  /** Resolves when the hub has ended, for whatever reason. */
  get ended(): Promise<Ended> {
    return this.#hub.ended;
  }

  /** Stops the hub alone: its clients keep running. */
  async end(): Promise<Ended> {
    this.#hub.interrupt("SIGTERM");
    return await this.#hub.ended;
  }

  /** Starts it again on this port, or on any free one. */
  async begin(port = "0"): Promise<void> {
    const all = ["start", "--port", port, ...uiPortOf(this.#args), "-o", "json", ...this.#args];
    this.#hub = await startHub(all, this.directory);
  }

  /** Restarts it on the same port. */
  async restart(): Promise<void> {
    const port = this.hostName.split(":")[1];
    await this.end();
    await this.begin(port);
  }

  /** Resolves once it has had this many events of this type since it was last started. */
  async reached(type: string, count = 1): Promise<void> {
    await this.#hub.waitFor("stdout", new RegExp(`(?:"type":"${type}"[^]*){${count}}`));
  }

  /** Runs a program to its end with `--local`. */
  run(name: ExecutableName, ...args: readonly string[]): Promise<Ended> {
    return run(name, [...args, "--local"], this.options);
  }

  /** Starts a program, which is interrupted when the hub stops. */
  spawn(name: ExecutableName, ...args: readonly string[]): RunningCommand {
    const command = new RunningCommand(name, [...args, "--local"], this.options);
    this.#started.push(command);
    return command;
  }

  /** Runs `c2d-send -o json` to its end. */
  send(...args: readonly string[]): Promise<Ended> {
    return this.run("c2d-send", "-o", "json", ...args);
  }

  /** Starts `c2d-device listen -o json` and waits until it is ready. */
  async listen(...args: readonly string[]): Promise<RunningCommand> {
    const listener = this.spawn("c2d-device", "listen", "-o", "json", ...args);
    await listener.waitFor("stdout", `"type":"ready"`);
    return listener;
  }

  async stop(): Promise<void> {
    for (const command of this.#started) command.interrupt();
    await Promise.all(this.#started.map(({ ended }) => ended));
    await this.end();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function optionsIn(directory: string): CommandOptions {
  return { directory, env: { C2D_HOME: join(directory, "home") } };
}

/** Unless the test says where, or that there is none. */
function uiPortOf(args: readonly string[]): string[] {
  return args.some((arg) => /^--(no-ui|ui-port)$/.test(arg)) ? [] : ["--ui-port", "0"];
}

async function startHub(args: readonly string[], directory: string): Promise<RunningCommand> {
  const hub = new RunningCommand("c2d-hub", args, optionsIn(directory));
  await hub.waitFor("stdout", `"type":"hub"`);
  return hub;
}
