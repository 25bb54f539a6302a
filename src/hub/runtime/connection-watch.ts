import type { Clock } from "../../async/clock.ts";

interface WatchedConnection {
  onSilent(): void;
  onExpired(): void;
}

/** One timer for silence and expiry. A sign of life is cheap: it sets no timer. */
export class ConnectionWatch {
  readonly #clock: Clock;
  readonly #connection: WatchedConnection;
  #allowedMs = 0;
  #lastHeardMs = 0;
  #expiryMs = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, connection: WatchedConnection) {
    this.#clock = clock;
    this.#connection = connection;
  }

  /** From now on, this time without a sign of life. */
  allowSilence(allowedMs: number): void {
    this.#allowedMs = allowedMs;
    this.hear();
    this.#setTimer();
  }

  hear(): void {
    this.#lastHeardMs = this.#clock.nowMs();
  }

  /** @param timeMs Since the epoch; infinite: never. */
  expireAt(timeMs: number): void {
    this.#expiryMs = timeMs;
    this.#setTimer();
  }

  stop(): void {
    this.#cancel?.();
  }

  #setTimer(): void {
    this.#cancel?.();
    const dueMs = Math.min(this.#silentMs, this.#expiryMs);
    this.#cancel = this.#clock.setTimer(dueMs - this.#clock.nowMs(), () => this.#check());
  }

  get #silentMs(): number {
    return this.#lastHeardMs + this.#allowedMs;
  }

  #check(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#expiryMs <= nowMs) this.#connection.onExpired();
    else if (this.#silentMs <= nowMs) this.#connection.onSilent();
    else this.#setTimer();
  }
}
