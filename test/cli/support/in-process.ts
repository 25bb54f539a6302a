/** A command's context inside the test process: captured streams, signals sent by the test. */

import { Readable } from "node:stream";
import type { Context } from "../../../src/cli/program/run-program.ts";
import type { Output } from "../../../src/cli/terminal/output.ts";
import { Redactor } from "../../../src/cli/terminal/redactor.ts";
import { Reporter } from "../../../src/cli/terminal/reporter.ts";
import { parseLines } from "./run-executable.ts";

export interface InProcessOptions {
  readonly directory?: string;
  readonly stdin?: Readable;
  readonly output?: "text" | "json";
  /** Called with each text written to stdout; if it throws, the write fails with that error. */
  onWrite?(text: string): void;
}

export class InProcess {
  readonly context: Context;
  stdout = "";
  stderr = "";
  readonly #interruption = new AbortController();
  #cause: "SIGINT" | "SIGTERM" | undefined;

  constructor(options: InProcessOptions = {}) {
    const { output = "json", onWrite, stdin = Readable.from([]), directory = "/" } = options;
    const stdout = outputOf((text) => {
      onWrite?.(text);
      this.stdout += text;
    });
    const stderr = outputOf((text) => {
      this.stderr += text;
    });
    const redactor = new Redactor();
    const isJson = output === "json";
    const cause = () => this.#cause;
    this.context = {
      io: { stdin, stdout, stderr, env: {}, directory },
      redactor,
      reporter: new Reporter(stderr, redactor, {
        ...{ isJson, isQuiet: false, isVerbose: false, colorLevel: 0 },
      }),
      interruption: {
        signal: this.#interruption.signal,
        get cause() {
          return cause();
        },
      },
      flags: { output, color: false },
    };
  }

  interrupt(cause: "SIGINT" | "SIGTERM"): void {
    this.#cause = cause;
    this.#interruption.abort();
  }

  /** The JSON lines of stdout. */
  get lines(): Record<string, unknown>[] {
    return parseLines(this.stdout);
  }

  /** The JSON lines of stderr of one type. */
  errors(type: "failed" | "error" | "summary"): Record<string, unknown>[] {
    const json = this.stderr.split("\n").filter((line) => line.startsWith("{"));
    return parseLines(json.join("\n")).filter((line) => line.type === type);
  }
}

function outputOf(take: (text: string) => void): Output {
  let hasText = false;
  return {
    isTTY: false,
    get hasText() {
      return hasText;
    },
    closed: new AbortController().signal,
    write: async (text) => {
      hasText = true;
      take(text);
    },
    flush: async () => {},
    release: () => {},
  };
}
