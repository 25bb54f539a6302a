/** Feedback batches by content: which were seen before, and which are held for others. */

import type { FeedbackBatch } from "./service-connection.ts";

/** Completed batches to remember, so that a redelivered one is recognised. */
const MAX_COMPLETED = 1000;

/**
 * A batch that also contains others' records is held unsettled until `release`: released at once it
 * would be redelivered at once, and dead-lettered after ten rounds if nobody else reads. The hub
 * redelivers it anyway whenever its lock expires.
 */
export class HeldFeedback {
  readonly #completed = new Set<string>();
  readonly #held = new Map<string, FeedbackBatch>();

  /** Whether this batch was seen before. */
  has(batch: FeedbackBatch): boolean {
    const content = contentOf(batch);
    return this.#completed.has(content) || this.#held.has(content);
  }

  /** Deletes the batch from the hub's queue. */
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

  /** Holds the batch for others. Only the lock of its last delivery is valid. */
  hold(batch: FeedbackBatch): void {
    this.#held.set(contentOf(batch), batch);
  }

  /** Releases, once, the held batches. */
  release(): void {
    for (const batch of this.#held.values()) batch.release();
    this.#held.clear();
  }
}

function contentOf({ records }: FeedbackBatch): string {
  return JSON.stringify(records);
}
