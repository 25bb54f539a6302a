/** `c2d-device listen` inside the test's process, over real sockets to a real hub. */

import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { Readable } from "node:stream";
import { runListen } from "../../../src/cli/device/listen/listen.ts";
import {
  type ListenOptions,
  toListenOptions,
} from "../../../src/cli/device/listen/listen-options.ts";
import type { ExitCode } from "../../../src/cli/terminal/exit-code.ts";
import { type Output, OutputClosedError } from "../../../src/cli/terminal/output.ts";
import { Redactor } from "../../../src/cli/terminal/redactor.ts";
import { Reporter } from "../../../src/cli/terminal/reporter.ts";
import type { DeviceConfig } from "../../../src/config/device-config.ts";
import { parseDeviceConnectionString } from "../../../src/core/connection-string.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { parseLines } from "./run-executable.ts";

/** An output that collects what is written, until its reader closes it. */
export class MemoryOutput implements Output {
  readonly isTTY = false;
  text = "";
  readonly #closed = new AbortController();
  readonly #watchers = new Set<() => void>();
  #lastText: RegExp | undefined;

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  get hasText(): boolean {
    return this.text !== "";
  }

  write(text: string): Promise<void> {
    if (this.#lastText?.test(this.text)) {
      this.#closed.abort();
      return Promise.reject(new OutputClosedError("closed"));
    }
    this.text += text;
    for (const watch of this.#watchers) watch();
    return Promise.resolve();
  }

  /** Resolves once the text matches. */
  waitFor(pattern: RegExp): Promise<void> {
    return new Promise((resolve) => {
      const watch = (): void => {
        if (!pattern.test(this.text)) return;
        this.#watchers.delete(watch);
        resolve();
      };
      this.#watchers.add(watch);
      watch();
    });
  }

  /** Closes the reader after this text: only the next write fails. */
  closeAfter(pattern: RegExp): void {
    this.#lastText = pattern;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  release(): void {}
}

export interface ListenInProcess {
  readonly stdout: MemoryOutput;
  readonly stderr: MemoryOutput;
  readonly ended: Promise<ExitCode>;
  /** The messages printed so far (`-o json`). */
  messages(): Record<string, unknown>[];
  interrupt(): void;
}

export interface ListenInProcessOptions extends Partial<Omit<ListenOptions, "connection">> {
  readonly transport: DeviceConfig["transport"];
  readonly output?: "text" | "json";
  readonly reconnect?: boolean;
}

export function startListen(hub: LocalHub, options: ListenInProcessOptions): ListenInProcess {
  const { transport, output = "json", reconnect = true, ...given } = options;
  const config: DeviceConfig = {
    hub: {
      type: "remote",
      connectionString: parseDeviceConnectionString(hub.deviceConnectionString("device1")),
      from: "the test",
    },
    transport,
    ca: readFileSync(hub.caFile, "utf8"),
    secrets: [],
  };
  const flags = { output, color: false, settle: "complete", reconnect } as const;
  const listenOptions = {
    ...toListenOptions({ ...flags, connectTimeout: 60_000 }, config),
    ...(transport === "http" && { pollIntervalMs: 20 }),
    ...given,
  };
  const stdout = new MemoryOutput();
  const stderr = new MemoryOutput();
  const redactor = new Redactor();
  const interruption = new AbortController();
  const isJson = output === "json";
  const ended = runListen(listenOptions, {
    io: { stdin: Readable.from([]), stdout, stderr, env: {}, directory: tmpdir() },
    reporter: new Reporter(stderr, redactor, {
      isJson,
      isQuiet: false,
      isVerbose: true,
      colorLevel: 0,
    }),
    redactor,
    interruption: { signal: interruption.signal, cause: "SIGINT" },
    flags,
  });
  return {
    stdout,
    stderr,
    ended,
    messages: () => parseLines(stdout.text).filter(({ type }) => type === "message"),
    interrupt: () => interruption.abort(),
  };
}
