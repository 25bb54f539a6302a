import type { Writable } from "node:stream";
import { waitAtMost } from "../../async/within.ts";

/** Writing failed for a reason other than a closed reader. */
export class OutputError extends Error {
  override readonly name = "OutputError";
  readonly hint: string;

  constructor(
    message: string,
    {
      hint = "Check the free space and the permissions at the destination.",
      ...options
    }: ErrorOptions & { readonly hint?: string } = {},
  ) {
    super(message, options);
    this.hint = hint;
  }
}

export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}

export type OutputData = string | Uint8Array;

export interface Output {
  readonly isTTY: boolean;
  /** Undefined if unknown or not a terminal. */
  readonly columns?: number | undefined;
  readonly hasText: boolean;
  readonly closed: AbortSignal;
  /**
   * Resolves once the data has left this process.
   *
   * @throws OutputClosedError, OutputError
   */
  write(data: OutputData): Promise<void>;
  /** Resolves when everything so far is written or has failed, or `limitMs` have passed. */
  flush(limitMs?: number): Promise<void>;
  /** Drops pending writes, so that a blocked reader cannot keep the process alive. */
  release(): void;
}

const CLOSED_CODES = new Set([
  "EPIPE",
  "ECONNRESET",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
]);

export class StreamOutput implements Output {
  readonly isTTY: boolean;
  #hasText = false;
  readonly #stream: Writable;
  readonly #name: string;
  readonly #closed = new AbortController();
  readonly #pending = new Set<Promise<void>>();

  constructor(stream: Writable & { readonly isTTY?: boolean }, name: string) {
    this.#stream = stream;
    this.#name = name;
    this.isTTY = stream.isTTY === true;
    // The error also reaches each write's callback; without a listener it would crash the process.
    stream.on("error", () => {});
  }

  get columns(): number | undefined {
    return "columns" in this.#stream ? Number(this.#stream.columns) || undefined : undefined;
  }

  get hasText(): boolean {
    return this.#hasText;
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  write(data: OutputData): Promise<void> {
    this.#hasText = true;
    const written = new Promise<void>((resolve, reject) => {
      this.#stream.write(data, (error) => {
        if (error) reject(this.#explain(error));
        else resolve();
      });
    });
    const settled = written.catch(() => {}).then(() => void this.#pending.delete(settled));
    this.#pending.add(settled);
    return written;
  }

  async flush(limitMs?: number): Promise<void> {
    const all = Promise.all(this.#pending);
    await (limitMs === undefined ? all : waitAtMost(limitMs, all));
  }

  release(): void {
    if (this.#pending.size > 0) this.#stream.destroy();
  }

  #explain(error: NodeJS.ErrnoException): Error {
    if (error.code !== undefined && CLOSED_CODES.has(error.code)) {
      this.#closed.abort();
      return new OutputClosedError(`${this.#name} was closed`, { cause: error });
    }
    return new OutputError(`cannot write to ${this.#name}: ${error.message}`, { cause: error });
  }
}
