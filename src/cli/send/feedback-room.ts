import { Deadline } from "../../async/deadline.ts";
import { createDeferred } from "../../async/deferred.ts";
import { formatDuration } from "../../async/format-duration.ts";
import type { FeedbackTracker } from "../../client/service/feedback-tracker.ts";

export interface FeedbackRoomOptions {
  readonly tracker: Pick<FeedbackTracker, "awaited">;
  readonly maxAwaited: number;
  /** From the last accepted message; 0 is unbounded. */
  readonly timeoutMs: number;
  /** When reading pauses for the first time. */
  onPause(text: string): void;
  /** No record has made room in time. */
  onTimeout(): void;
}

/** Pauses reading while too many feedback records are awaited. */
export class FeedbackRoom {
  readonly #options: FeedbackRoomOptions;
  readonly #deadline: Deadline;
  #change = createDeferred<void>();
  #isPaused = false;
  #hasPaused = false;

  constructor(options: FeedbackRoomOptions) {
    this.#options = options;
    this.#deadline = new Deadline(() => options.onTimeout());
  }

  /** Undefined if there is room; otherwise resolves when that may have changed. */
  room(): Promise<void> | undefined {
    const { tracker, maxAwaited } = this.#options;
    if (tracker.awaited < maxAwaited) {
      if (this.#isPaused) this.end();
      return undefined;
    }
    if (!this.#isPaused) this.#pause();
    return this.#change.promise;
  }

  onAccepted(): void {
    if (this.#isPaused) this.#deadline.start(this.#options.timeoutMs);
  }

  onChange(): void {
    if (!this.#isPaused) return;
    this.#change.resolve();
    this.#change = createDeferred();
  }

  end(): void {
    this.#isPaused = false;
    this.#deadline.cancel();
  }

  #pause(): void {
    const { maxAwaited, timeoutMs, onPause } = this.#options;
    this.#isPaused = true;
    this.#deadline.start(timeoutMs);
    if (this.#hasPaused) return;
    this.#hasPaused = true;
    const limit = timeoutMs === 0 ? "" : `, for up to ${formatDuration(timeoutMs)}`;
    onPause(`${maxAwaited} messages await feedback; reading pauses until some arrives${limit} ...`);
  }
}
