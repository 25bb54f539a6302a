/** Feedback batches by what they hold: which have come before, and which are kept for others. */

import type { FeedbackBatch } from "./service-connection.ts";

/** Batches remembered after they were completed: enough to know one that comes again. */
const MAX_COMPLETED = 1000;

/**
 * A batch that is not all ours is kept unsettled until `release`: given back at once it would return
 * at once, and be dead-lettered after ten rounds if nobody else reads. The hub delivers it again all
 * the same whenever its lock runs out.
 */
export class HeldFeedback {
  readonly #completed = new Set<string>();
  readonly #held = new Map<string, FeedbackBatch>();

  /** Whether this batch has come before. */
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

  /** Keeps the batch for others. Of one that is delivered again only the last lock is still good. */
  hold(batch: FeedbackBatch): void {
    this.#held.set(contentOf(batch), batch);
  }

  /** Gives back, once, what is held. */
  release(): void {
    for (const batch of this.#held.values()) batch.release();
    this.#held.clear();
  }
}

function contentOf({ records }: FeedbackBatch): string {
  return JSON.stringify(records);
}
