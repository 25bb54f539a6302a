import { createDeferred } from "../../async/deferred.ts";
import type { Context } from "./run-program.ts";

/** How long a blocked reader may delay the exit. */
export const WRITE_GRACE_MS = 1000;

export type End<Own extends string> =
  | { readonly type: Own | "interrupted" | "closed" }
  | { readonly type: "failed"; readonly error: unknown };

/** The first reason wins: a signal, a closed stdout, or one of the command's own. */
export class Ending<Own extends string> {
  readonly #reason = createDeferred<End<Own>>();

  constructor({ interruption, io }: Pick<Context, "interruption" | "io">) {
    this.#endOn(interruption.signal, "interrupted");
    this.#endOn(io.stdout.closed, "closed");
  }

  get reason(): Promise<End<Own>> {
    return this.#reason.promise;
  }

  end(type: Own): void {
    this.#reason.resolve({ type });
  }

  /** Pass to `catch`. */
  readonly fail = (error: unknown): void => this.#reason.resolve({ type: "failed", error });

  #endOn(signal: AbortSignal, type: "interrupted" | "closed"): void {
    const end = (): void => this.#reason.resolve({ type });
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  }
}
