import { formatCount } from "../../text/count.ts";
import { WINDOW_SIZE } from "../receiving/duplicate-window.ts";

/** What is said at the end of a run: a message that is abandoned is tried more than once. */
export class ExecFailures {
  #messages = 0;
  #attempts = 0;
  #failedMessages = 0;
  #failedAttempts = 0;
  #last = "";
  /** By message, oldest first. */
  readonly #failures = new Map<string, number>();

  onRun(isAgain: boolean): void {
    this.#attempts += 1;
    if (!isAgain) this.#messages += 1;
  }

  /** How often this message has failed. */
  onFailure(key: string, what: string): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.delete(key);
    this.#failures.set(key, failures);
    if (failures === 1) this.#failedMessages += 1;
    this.#failedAttempts += 1;
    this.#last = what;
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > WINDOW_SIZE && oldest !== undefined) this.#failures.delete(oldest);
    return failures;
  }

  /** Undefined if there were none. */
  describe(): string | undefined {
    if (this.#failedAttempts === 0) return undefined;
    if (this.#failedAttempts === 1) return this.#last;
    const messages = `${this.#failedMessages} of ${formatCount(this.#messages, "message")}`;
    const attempts =
      this.#attempts === this.#messages
        ? ""
        : `, in ${this.#failedAttempts} of ${formatCount(this.#attempts, "attempt")}`;
    return `the command failed for ${messages}${attempts}; last: ${this.#last}`;
  }
}
