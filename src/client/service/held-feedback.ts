import type { FeedbackBatch } from "./service-connection.ts";

/** To remember, so that a redelivered batch is recognised. */
const MAX_COMPLETED = 1000;

/**
 * A batch with others' records is held until `release`: released at once it would be redelivered at
 * once, and dead-lettered after ten rounds. The hub redelivers it anyway when its lock expires.
 */
export class HeldFeedback {
  readonly #completed = new Set<string>();
  readonly #held = new Map<string, FeedbackBatch>();

  has(batch: FeedbackBatch): boolean {
    return this.isCompleted(batch) || this.#held.has(contentOf(batch));
  }

  isCompleted(batch: FeedbackBatch): boolean {
    return this.#completed.has(contentOf(batch));
  }

  complete(batch: FeedbackBatch): void {
    batch.complete();
    const content = contentOf(batch);
    this.#held.delete(content);
    this.#completed.add(content);
    const [oldest] = this.#completed;
    if (oldest !== undefined && this.#completed.size > MAX_COMPLETED) {
      this.#completed.delete(oldest);
    }
  }

  /** Only the lock of the batch's last delivery is valid. */
  hold(batch: FeedbackBatch): void {
    this.#held.set(contentOf(batch), batch);
  }

  release(): void {
    for (const batch of this.#held.values()) batch.release();
    this.#held.clear();
  }
}

function contentOf({ records }: FeedbackBatch): string {
  return JSON.stringify(records);
}
