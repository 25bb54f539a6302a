import { Deadline } from "../../../async/deadline.ts";
import { formatDuration } from "../../../async/format-duration.ts";

export interface Locked {
  readonly sinceMs: number;
  /** Whether only its own command keeps it: it has not waited for others, and no others wait. */
  readonly isAlone: boolean;
}

export interface LockWatchOptions {
  /** The one that is locked longest. */
  oldest(): Locked | undefined;
  lockTimeoutMs(): number;
  nowMs(): number;
  /** Called once: when it has waited for most of its lock, or when its own command has outlived it. */
  warn(text: string): void;
}

const WAITING =
  "messages wait for the command almost as long as they are locked; the hub then delivers them again. Over amqp or http, only one is locked at a time.";

function describeSlow(lockMs: number): string {
  return `the command takes longer than the lock (${formatDuration(lockMs)}): the hub delivers the message again. If the command has succeeded by then, it is not run again.`;
}

/** MQTT pushes all that wait, and locks it: a slow command lets locks run out. */
export class LockWatch {
  readonly #options: LockWatchOptions;
  readonly #deadline = new Deadline(() => this.check());
  #hasWarned = false;

  constructor(options: LockWatchOptions) {
    this.#options = options;
  }

  /** Call when a message arrives. */
  check(): void {
    const { oldest, lockTimeoutMs, nowMs, warn } = this.#options;
    const locked = oldest();
    if (this.#hasWarned || locked === undefined) return;
    const lockMs = lockTimeoutMs();
    const leftMs = locked.sinceMs + lockMs * (locked.isAlone ? 1 : 0.8) - nowMs();
    if (leftMs > 0) {
      this.#deadline.start(leftMs);
    } else {
      this.#hasWarned = true;
      warn(locked.isAlone ? describeSlow(lockMs) : WAITING);
    }
  }

  stop(): void {
    this.#hasWarned = true;
    this.#deadline.cancel();
  }
}
