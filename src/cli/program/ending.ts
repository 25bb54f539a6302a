/** The end of a command that goes on until there is a reason to end. */

import type { Context } from "./run-program.ts";

/** Why it ends: for reasons of its `Own`, or for those that every command has. */
export type End<Own extends string> =
  | { readonly type: Own | "interrupted" | "closed" }
  | { readonly type: "failed"; readonly error: unknown };

/** Waits for the first reason. Signals and a closed stdout are reasons; the command adds its own. */
export class Ending<Own extends string> {
  readonly reason: Promise<End<Own>>;
  readonly #end: (end: End<Own>) => void;

  constructor({ interruption, io }: Pick<Context, "interruption" | "io">) {
    let end!: (end: End<Own>) => void;
    this.reason = new Promise((resolve) => {
      end = resolve;
    });
    this.#end = end;
    this.#endOn(interruption.signal, "interrupted");
    this.#endOn(io.stdout.closed, "closed");
  }

  end(type: Own): void {
    this.#end({ type });
  }

  /** To be handed to `catch`. */
  readonly fail = (error: unknown): void => this.#end({ type: "failed", error });

  #endOn(signal: AbortSignal, type: "interrupted" | "closed"): void {
    if (signal.aborted) this.#end({ type });
    else signal.addEventListener("abort", () => this.#end({ type }), { once: true });
  }
}
