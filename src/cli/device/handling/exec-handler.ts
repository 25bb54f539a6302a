/** `--exec`: runs the user's command for each message, one at a time. */

import { formatDuration } from "../../../async/format-duration.ts";
import type { DeliverySettlement } from "../../../client/connection/device-connection.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { EXIT_CODES } from "../../terminal/exit-code.ts";
import type { ErrorReport } from "../../terminal/reporter.ts";
import { formatCount } from "../../text/count.ts";
import { CommandStream, type CommandTarget } from "./command-stream.ts";
import type { ExecOptions } from "./exec-options.ts";
import { handlerEnvironment, type MessageLine } from "./handler-environment.ts";
import { isSecretVariable } from "./secret-variables.ts";
import { type CommandEnd, KILL_GRACE_MS, runShellCommand } from "./shell-command.ts";

/** Ends the run; `ExecHandler.report` explains it. */
export class ExecStop extends Error {
  override readonly name = "ExecStop";
}

export interface Handled {
  /** Undefined: the message stays unsettled. */
  readonly settlement: DeliverySettlement | undefined;
  /** Null if it did not exit by itself. */
  readonly exitCode: number | null;
}

export class ExecHandler {
  readonly #options: ExecOptions;
  readonly #sink: CommandTarget;
  readonly #context: Context;
  #handled = 0;
  #failed = 0;
  #lastFailure = "";

  constructor(options: ExecOptions, sink: CommandTarget, context: Context) {
    this.#options = options;
    this.#sink = sink;
    this.#context = context;
  }

  /** How long a message may take. */
  get longestMs(): number {
    return this.#options.timeoutMs + KILL_GRACE_MS;
  }

  /** After a failure that ends the run. */
  get isStopping(): boolean {
    return this.#failed > 0 && this.#options.onFailure === "stop";
  }

  /** For the end of the run; undefined if no command failed. */
  get report(): ErrorReport | undefined {
    if (this.#failed === 0) return undefined;
    return {
      code: EXIT_CODES.execFailed,
      name: "ExecFailed",
      message:
        this.#failed === 1
          ? this.#lastFailure
          : `the command failed for ${this.#failed} of ${formatCount(this.#handled, "message")}; last: ${this.#lastFailure}`,
      hint: OUTCOMES[this.#options.onFailure],
    };
  }

  /** @throws OutputError, OutputClosedError */
  async handle(record: MessageLine, body: Uint8Array): Promise<Handled> {
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
    this.#handled += 1;
    const exitCode = end.type === "exited" ? end.exitCode : null;
    if (exitCode === 0) return { settlement: "complete", exitCode };
    this.#failed += 1;
    this.#lastFailure = `${describeEnd(end, timeoutMs)}, for ${describeMessage(record)}`;
    if (onFailure === "stop") return { settlement: undefined, exitCode };
    this.#context.reporter.warn(this.#lastFailure);
    return { settlement: onFailure, exitCode };
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
