/** The end of a command that goes on until there is a reason to end. */

import { createDeferred } from "../../async/deferred.ts";
import type { Context } from "./run-program.ts";

/** Why it ends: for reasons of its `Own`, or for those that every command has. */
export type End<Own extends string> =
  | { readonly type: Own | "interrupted" | "closed" }
  | { readonly type: "failed"; readonly error: unknown };

/** Waits for the first reason. Signals and a closed stdout are reasons; the command adds its own. */
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

  /** To be handed to `catch`. */
  readonly fail = (error: unknown): void => this.#reason.resolve({ type: "failed", error });

  #endOn(signal: AbortSignal, type: "interrupted" | "closed"): void {
    const end = (): void => this.#reason.resolve({ type });
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  }
}
