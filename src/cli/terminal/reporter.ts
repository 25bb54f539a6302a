import { Chalk, type ChalkInstance } from "chalk";
import { ConfigError } from "../../config/config-error.ts";
import { escapeText } from "./escape.ts";
import { type ExitCode, exitCodeOf, hintFor, isUnexpected } from "./exit-code.ts";
import { formatJsonLine } from "./json-line.ts";
import type { Output } from "./output.ts";
import { type DescribeProgress, ProgressLine } from "./progress-line.ts";
import type { Redactor } from "./redactor.ts";

const MAX_WAITING = 100;

export interface ReporterOptions {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
  readonly colorLevel: 0 | 1;
  /** Whether stderr is a terminal that can erase a line. */
  readonly isTerminal?: boolean;
}

export interface ErrorReport {
  readonly code: ExitCode;
  readonly name: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

export class Reporter {
  readonly #stderr: Output;
  readonly #redactor: Redactor;
  readonly #options: ReporterOptions;
  readonly #chalk: ChalkInstance;
  readonly #progress: ProgressLine;
  #waiting = 0;

  constructor(stderr: Output, redactor: Redactor, options: ReporterOptions) {
    this.#stderr = stderr;
    this.#redactor = redactor;
    this.#options = options;
    this.#chalk = new Chalk({ level: options.isJson ? 0 : options.colorLevel });
    this.#progress = new ProgressLine(stderr, options.isTerminal === true && !options.isQuiet);
  }

  /** Only on a terminal, and not with `--quiet`. */
  progress(describe: DescribeProgress): void {
    this.#progress.start(describe);
  }

  /** Call before writing data to the same terminal; the progress line reappears. */
  hideProgress(): void {
    this.#progress.hide();
  }

  endProgress(): void {
    this.#progress.stop();
  }

  info(text: string): void {
    if (!this.#options.isQuiet) this.#print(text);
  }

  /** Only with `--verbose`. */
  detail(text: string): void {
    if (this.#options.isVerbose) this.#print(this.#chalk.dim(this.#clean(text)));
  }

  warn(text: string): void {
    if (!this.#options.isQuiet) this.#print(`${this.#chalk.yellow("warning:")} ${text}`);
  }

  error(error: unknown): ExitCode {
    const code = exitCodeOf(error);
    if (!this.#options.isJson && error instanceof ConfigError) {
      for (const { where, what, fix } of error.problems) {
        this.#printError({ code, name: error.name, message: `${where}: ${what}`, hint: fix });
      }
      return code;
    }
    this.report(describeError(error));
    for (const { name, message } of causesOf(error)) {
      this.detail(`caused by ${name}: ${message}`);
    }
    const stack = isUnexpected(error) && error instanceof Error && error.stack;
    if (stack && this.#options.isVerbose) this.#print(stack);
    return code;
  }

  report(report: ErrorReport): void {
    if (this.#options.isJson) this.#printJson(report);
    else this.#printError(report);
  }

  /** Writes a line of data that belongs on stderr, also with `--quiet`. It ends with a newline. */
  data(line: string): void {
    this.#write(this.#redactor.redact(line));
  }

  /** Undefined if stderr keeps up; for those who could write without end. */
  room(): Promise<void> | undefined {
    return this.#waiting >= MAX_WAITING ? this.#stderr.flush() : undefined;
  }

  #printJson({ code, name, message, hint }: ErrorReport): void {
    const clean = (text: string): string => this.#redactor.redact(text);
    const line = { type: "error", code, name, message: clean(message), hint: hint && clean(hint) };
    this.#write(formatJsonLine(line));
  }

  #printError({ message, hint }: ErrorReport): void {
    this.#print(`${this.#chalk.red("error:")} ${this.#clean(message)}`);
    if (hint) this.#print(`${this.#chalk.cyan("hint:")} ${this.#clean(indent(hint))}`);
  }

  /** External parts of `text` must have been escaped; colours are our own. */
  #print(text: string): void {
    this.#write(`${this.#redactor.redact(text)}\n`);
  }

  #clean(text: string): string {
    return escapeText(this.#redactor.redact(text));
  }

  #write(text: string): void {
    this.#progress.hide();
    this.#waiting += 1;
    this.#stderr
      .write(text)
      // A closed stderr is not an error.
      .catch(() => {})
      .finally(() => {
        this.#waiting -= 1;
      });
  }
}

export function describeError(error: unknown): ErrorReport {
  const code = exitCodeOf(error);
  if (!(error instanceof Error)) return { code, name: "Error", message: String(error) };
  const hint = "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
  return {
    code,
    name: error.name,
    message: error.message || error.name,
    hint: hint ?? hintFor(error),
  };
}

function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  let { cause } = error instanceof Error ? error : {};
  while (cause instanceof Error && !causes.includes(cause)) {
    causes.push(cause);
    cause = cause.cause;
  }
  return causes;
}

function indent(text: string): string {
  return text.replaceAll("\n", "\n      ");
}
