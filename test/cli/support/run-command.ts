/**
 * Runs the programs inside the test process like their executables, from arguments to exit code, with
 * their own streams, environment and signals.
 */

import { Readable, Writable } from "node:stream";
import { program as device } from "../../../src/cli/device/main.ts";
import { program as hub } from "../../../src/cli/hub/main.ts";
import { runProgram } from "../../../src/cli/program/run-program.ts";
import type { Interruption } from "../../../src/cli/program/signals.ts";
import { program as send } from "../../../src/cli/send/main.ts";
import { StreamOutput } from "../../../src/cli/terminal/output.ts";
import { program as tools } from "../../../src/cli/tools/main.ts";
import type { ExecutableName, RunOptions } from "./run-executable.ts";

export { type ExecutableName, linesOf, messagesOf, parseLines } from "./run-executable.ts";

const PROGRAMS = { "c2d-device": device, "c2d-hub": hub, "c2d-send": send, "c2d-tools": tools };

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions extends RunOptions {
  /** Instead of `stdin`: a stream that may stay open. */
  readonly input?: Readable;
}

export class RunningCommand {
  /** The reader of its output. */
  readonly readers = { stdout: new Reader(), stderr: new Reader() };
  readonly ended: Promise<Ended>;
  readonly #interruption = new AbortController();
  #cause: Interruption["cause"];

  constructor(name: ExecutableName, args: readonly string[], options: CommandOptions) {
    const { directory, env, stdin = "" } = options;
    const { input = Readable.from(stdin === "" ? [] : [Buffer.from(stdin)]) } = options;
    this.ended = this.#run(PROGRAMS[name], args, {
      stdin: input,
      env: { PATH: process.env.PATH, HOME: directory, ...env },
      directory,
    });
  }

  /** Everything read so far. */
  get stdout(): string {
    return this.readers.stdout.text;
  }

  get stderr(): string {
    return this.readers.stderr.text;
  }

  /** Like a first signal. (A second one kills the process, which needs a real process.) */
  interrupt(cause: NonNullable<Interruption["cause"]> = "SIGINT"): void {
    this.#cause ??= cause;
    this.#interruption.abort();
  }

  /** Resolves once the stream contains the text; rejects if the program exits without it. */
  async waitFor(stream: "stdout" | "stderr", wanted: string | RegExp): Promise<void> {
    const seen = await Promise.race([this.readers[stream].holds(wanted), this.ended]);
    if (seen === true || this.readers[stream].matches(wanted)) return;
    throw new Error(`ended with ${seen.code} before '${wanted}':\n${this.stdout}\n${this.stderr}`);
  }

  async #run(
    program: (typeof PROGRAMS)[ExecutableName],
    args: readonly string[],
    io: { stdin: Readable; env: Record<string, string | undefined>; directory: string },
  ): Promise<Ended> {
    const cause = () => this.#cause;
    const code = await runProgram(program, {
      args,
      io: {
        ...io,
        stdout: new StreamOutput(this.readers.stdout, "stdout"),
        stderr: new StreamOutput(this.readers.stderr, "stderr"),
      },
      interruption: {
        signal: this.#interruption.signal,
        get cause() {
          return cause();
        },
      },
    });
    return { code, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Runs a program to its end. */
export async function run(
  name: ExecutableName,
  args: readonly string[],
  options: CommandOptions,
): Promise<Ended> {
  return await new RunningCommand(name, args, options).ended;
}

/** A reader of the program's stream, which can be paused and closed. */
class Reader extends Writable {
  text = "";
  readonly #chunks: Buffer[] = [];
  #isPaused = false;
  #resume = (): void => {};
  readonly #watchers = new Set<() => void>();

  constructor() {
    super({ decodeStrings: true });
  }

  /** Of output that is not text. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Reads nothing until `resume`: writes block. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#resume();
  }

  matches(wanted: string | RegExp): boolean {
    return typeof wanted === "string" ? this.text.includes(wanted) : wanted.test(this.text);
  }

  holds(wanted: string | RegExp): Promise<true> {
    return new Promise((resolve) => {
      const watch = (): void => {
        if (!this.matches(wanted)) return;
        this.#watchers.delete(watch);
        resolve(true);
      };
      this.#watchers.add(watch);
      watch();
    });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const take = (): void => {
      this.#resume = () => {};
      this.text += chunk.toString();
      this.#chunks.push(chunk);
      for (const watch of this.#watchers) watch();
      done();
    };
    if (this.#isPaused) this.#resume = take;
    else take();
  }
}
