/** `--exec`: runs the user's command for each message, one at a time. */

import { formatDuration } from "../../../async/format-duration.ts";
import type { Settlement } from "../../../core/message-queue.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { EXIT_CODES } from "../../terminal/exit-code.ts";
import type { ErrorReport } from "../../terminal/reporter.ts";
import { CommandStream, type CommandTarget } from "./command-stream.ts";
import { ExecFailures } from "./exec-failures.ts";
import type { ExecOptions } from "./exec-options.ts";
import { handlerEnvironment, type MessageLine } from "./handler-environment.ts";
import { isSecretVariable } from "./secret-variables.ts";
import { type CommandEnd, KILL_GRACE_MS, runShellCommand } from "./shell-command.ts";

/** Ends the run; `ExecHandler.report` explains it. */
export class ExecStop extends Error {
  override readonly name = "ExecStop";
}

export interface Handled {
  /** Undefined: the message stays unsettled, and the run ends. */
  readonly settlement: Settlement | undefined;
  /** How often the command has failed for this message. */
  readonly failures: number;
  /** Null if it did not exit by itself. */
  readonly exitCode: number | null;
}

export class ExecHandler {
  readonly #options: ExecOptions;
  readonly #sink: CommandTarget;
  readonly #context: Context;
  readonly #failures = new ExecFailures();

  constructor(options: ExecOptions, sink: CommandTarget, context: Context) {
    this.#options = options;
    this.#sink = sink;
    this.#context = context;
  }

  /** How long a message may take. */
  get longestMs(): number {
    return this.#options.timeoutMs + KILL_GRACE_MS;
  }

  /** For the end of the run; undefined if no command failed. */
  get report(): ErrorReport | undefined {
    const message = this.#failures.describe();
    if (message === undefined) return undefined;
    const hint = OUTCOMES[this.#options.onFailure];
    return { code: EXIT_CODES.execFailed, name: "ExecFailed", message, hint };
  }

  /**
   * @param key Identifies the message.
   * @throws OutputError, OutputClosedError
   */
  async handle(record: MessageLine, body: Uint8Array, key: string): Promise<Handled> {
    const { command, timeoutMs, onFailure } = this.#options;
    const { io, redactor } = this.#context;
    const stderr = this.#errorTarget;
    const isJson = this.#context.flags.output === "json";
    const out = new CommandStream(isJson ? stderr : this.#target);
    const err = new CommandStream(stderr);
    const end = await runShellCommand(command, {
      directory: io.directory,
      env: handlerEnvironment(record, io.env, (name, value) =>
        isSecretVariable(name, value, redactor),
      ),
      stdin: body,
      timeoutMs,
      onStdout: (chunk) => out.write(chunk),
      onStderr: (chunk) => err.write(chunk),
    });
    for (const stream of [out, err]) await stream.end();
    this.#failures.onRun(record.duplicate);
    const exitCode = end.type === "exited" ? end.exitCode : null;
    if (exitCode === 0) return { settlement: "complete", failures: 0, exitCode };
    const failure = `${describeEnd(end, timeoutMs)}, for ${describeMessage(record)}`;
    const failures = this.#failures.onFailure(key, failure);
    if (onFailure === "stop") return { settlement: undefined, failures, exitCode };
    this.#context.reporter.warn(failure);
    return { settlement: onFailure, failures, exitCode };
  }

  get #target(): CommandTarget {
    const { isTTY } = this.#sink;
    return {
      isTTY,
      write: (data) => {
        if (isTTY) this.#context.reporter.hideProgress();
        return this.#sink.write(data);
      },
    };
  }

  get #errorTarget(): CommandTarget {
    const { reporter, io } = this.#context;
    return {
      isTTY: io.stderr.isTTY,
      async write(data) {
        reporter.hideProgress();
        // As for our own messages, a closed stderr is not an error.
        await io.stderr.write(data).catch(() => {});
      },
    };
  }
}

const OUTCOMES = {
  stop: "The message was not acknowledged: the hub delivers it again. To go on after a failure, use --on-exec-failure abandon or reject.",
  abandon: "What was abandoned is delivered again, until the hub dead-letters it.",
  reject: "What was rejected is dead-lettered: no device receives it again.",
} as const;

function describeEnd(end: CommandEnd, timeoutMs: number): string {
  switch (end.type) {
    case "exited":
      return `the command exited with ${end.exitCode}`;
    case "killed":
      return `the command was ended by ${end.signal}`;
    case "timedOut":
      return `the command took longer than ${formatDuration(timeoutMs)}`;
    case "notStarted":
      return `the command could not be started: ${escapeLine(end.reason)}`;
  }
}

function describeMessage({ n, messageId }: MessageLine): string {
  return messageId ? `message ${escapeLine(messageId)}` : `message number ${n}`;
}
